/// What a classification head predicts, and so which loss belongs to it.
package enum ProblemKind: Sendable, Equatable, CaseIterable {
  /// One real number for each output; mean squared error.
  case regression
  /// One class of several; softmax.
  case singleLabel
  /// Any number of classes; a sigmoid for each.
  case multiLabel

  /// The value of `problem_type`.
  package var name: String {
    switch self {
    case .regression: "regression"
    case .singleLabel: "single_label_classification"
    case .multiLabel: "multi_label_classification"
    }
  }
}

extension ModelConfiguration {
  /// The names of the classes by index: `id2label`; where that has default names or is absent, those of `label2id`;
  /// else as many default names (`LABEL_0`, …) as `num_labels` says, else 2.
  ///
  /// `transformers` itself writes a map of names beside a default one, when only one of the two was set.
  ///
  /// - Throws: where the indices are not 0, 1, 2, …, a name occurs twice, `label2id` has other names than `id2label`
  ///   and neither are defaults, or `num_labels` differs from their number.
  package func labels() throws(ConfigurationError) -> [String] {
    guard let names = try namesByIndex() else {
      let count = try integer("num_labels", default: 2)
      // The names are made here, so a number that is only claimed must not decide about memory.
      guard (1...Self.maximumLabels).contains(count) else { throw .labelCount(path, count: count) }
      return (0..<count).map { "LABEL_\($0)" }
    }
    guard !names.isEmpty else { throw .labelCount(path, count: 0) }
    if self["num_labels"] != nil {
      let count = try integer("num_labels")
      guard count == names.count else { throw .labelCountMismatch(path, numLabels: count, labels: names) }
    }
    var first: [[UInt8]: Int] = [:]
    for (index, name) in names.enumerated() {
      if let other = first.updateValue(index, forKey: Array(name.utf8)) {
        throw .duplicateLabel(path, label: name, first: other, second: index)
      }
    }
    return names
  }

  /// The names that the two maps give; nil where there is neither.
  private func namesByIndex() throws(ConfigurationError) -> [String]? {
    let names = try self["id2label"].map { map throws(ConfigurationError) in
      try orderedNames(map, "id2label") { member in (member.key, Self.text(member.value)) }
    }
    let inverse = try self["label2id"].map { map throws(ConfigurationError) in
      try orderedNames(map, "label2id") { member in (Self.text(member.value), member.key) }
    }
    guard let names, let inverse, !Self.agree(names, inverse) else { return names ?? inverse }
    // Default names say nothing.
    if Self.areDefaults(inverse) { return names }
    if Self.areDefaults(names), inverse.count == names.count { return inverse }
    throw .labelMapsDisagree(
      path, id2label: (self["id2label"] ?? .null).serialized(indentation: nil),
      label2id: (self["label2id"] ?? .null).serialized(indentation: nil))
  }

  /// The names of a map in the order of their indices.
  private func orderedNames(
    _ map: JSON, _ key: String, _ entry: (JSON.Member) -> (index: String?, name: String?)
  ) throws(ConfigurationError) -> [String] {
    guard let members = map.members else {
      throw .wrongType(path, key: key, expected: "an object", found: map.kind)
    }
    var labels = [String?](repeating: nil, count: members.count)
    let indices = members.map { entry($0).index }
    for member in members {
      guard case (let index?, let name?) = entry(member) else {
        throw .wrongType(path, key: "\(key).\(member.key)", expected: "a name and a number", found: member.value.kind)
      }
      // "01" and "1" would be the same index twice: the slot must be free.
      guard let index = Int(index), labels.indices.contains(index), labels[index] == nil else {
        throw .labelIndices(path, key: key, indices: indices.compactMap { $0 })
      }
      labels[index] = name
    }
    return labels.compactMap { $0 }
  }

  /// A string, or a whole number as one.
  private static func text(_ value: JSON) -> String? { value.string ?? value.integer.map { "\($0)" } }

  private static func agree(_ a: [String], _ b: [String]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }

  /// Whether these are the names that `transformers` gives where nobody gave any.
  package static func areDefaults(_ names: [String]) -> Bool {
    names.enumerated().allSatisfy { $1 == "LABEL_\($0)" }
  }

  /// The number of outputs of the head.
  package func labelCount() throws(ConfigurationError) -> Int { try labels().count }

  /// The most classes for which default names are made.
  static let maximumLabels = 1_000_000

  /// What the head predicts: `problem_type`; where that is absent or null, one label means regression and several mean
  /// one class of them, as `transformers` decides for integer labels.
  package func problemKind() throws(ConfigurationError) -> ProblemKind {
    if self["problem_type"] != nil {
      let name = try string("problem_type")
      guard let kind = ProblemKind.allCases.first(where: { $0.name == name }) else {
        throw .unknownProblemType(path, name)
      }
      return kind
    }
    return try labelCount() == 1 ? .regression : .singleLabel
  }
}
