import Merging

/// Every merge method, in the order of the documentation. A new one is a line here and a file in `Methods`.
package enum MergeMethods {
  package static let all: [any MergeMethod.Type] = [
    Linear.self, TaskArithmetic.self, Ties.self, Fisher.self, MaskFisherMethod.self, RegMean.self,
    RegMeanPlusPlusMethod.self, KFAC.self, Distill.self,
  ]

  /// The one that has measured best on real models; it needs the examples.
  package static let recommended: any MergeMethod.Type = Distill.self

  package static var declarations: [MethodDeclaration] { all.map { $0.declaration } }

  /// The method of some settings.
  ///
  /// - Throws: ``MergingError`` for settings that do not go together.
  package static func make(_ settings: MethodSettings, models: Int) throws(MergingError) -> any MergeMethod {
    guard let method = all.first(where: { $0.declaration.name == settings.method }) else {
      fatalError("settings are made from a declaration")
    }
    return try method.init(settings, models: models)
  }

  /// The declaration of some settings' method.
  package static func declaration(of settings: MethodSettings) -> MethodDeclaration {
    guard let found = declarations.first(where: { $0.name == settings.method }) else {
      fatalError("settings are made from a declaration")
    }
    return found
  }
}
