import Checkpoints
import Encoders
import Foundation
import LinearAlgebra
import Merging
import SystemPackage

/// Writes the output of a merge: the backbone, a complete model for each task, and the manifest last. Not collective.
struct MergeWriter {
  let session: Session
  let recipe: Recipe
  let planner: Planner
  let output: FilePath
  let shardBytes: Int

  /// The models as they lie under the temporary name, before the output has its manifest and its own name.
  struct Written {
    let directory: AtomicDirectory
    /// The merged encoder, in the type that was written.
    let backbone: ModelWeights
    let hashes: [InputHashes]
  }

  /// Writes the backbone and every task's model under a temporary name.
  func writeModels(_ merge: MergedParameters) throws -> Written {
    let directory = try AtomicDirectory(output)
    let models = planner.plan.models
    let hashes = planner.sources.compactMap(\.hashes)
    let heads = try MergedHeads(planner.plan.heads, sources: planner.sources.map(\.model), models: models)
    let parameters = merge.parameters.reduce(0) { $0 + $1.count }
    let writing = Progress(
      "writing", total: (models.count + 1) * parameters, unit: "parameters", console: session.console)
    let backbone = try writeBackbone(merge, hashes, to: try directory.makeDirectory("backbone"), writing)
    for (index, planned) in models.enumerated() {
      try writeTask(
        index, backbone: backbone, heads, hashes, to: try directory.makeDirectory(planned.name), writing)
    }
    writing.finish()
    return Written(directory: directory, backbone: backbone, hashes: hashes)
  }

  /// Writes further files beside the models, the manifest last, and gives the output its name.
  func finish(_ written: Written, manifest: JSON, others: [(name: String, text: String)]) throws {
    for (name, text) in others + [("manifest.json", manifest.serialized() + "\n")] {
      let file = try OutputFile(path: written.directory.temporary.appending(name))
      try file.write(text)
      try file.close()
    }
    try written.directory.commit()
  }

  private var type: TensorType {
    switch recipe.outputType {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }

  /// The merged encoder alone, under a bare encoder's names. Gives it mapped again.
  private func writeBackbone(
    _ merge: MergedParameters, _ hashes: [InputHashes], to directory: FilePath, _ progress: Progress
  ) throws -> ModelWeights {
    let first = planner.sources[0].model
    var values = Buffer<Float>(count: MergedParameters.pieceElements)
    var remaining = merge.parameters[...]
    let declarations = merge.parameters.map {
      TensorDeclaration(name: first.architecture.bareName($0.name), type: type, shape: $0.shape)
    }
    try ShardedWriter.write(declarations, to: directory, maximumShardBytes: shardBytes) { declaration, writer in
      guard let parameter = remaining.popFirst() else { fatalError("more tensors than parameters") }
      try merge.forEachPiece(of: parameter) { range, merge in
        // Pieces are of whole rows, and a row may be long.
        if values.count < range.count { values = Buffer<Float>(count: range.count) }
        let merged = values.vector[0..<range.count]
        try merge(merged)
        try withExtendedLifetime(values) { try writer.write(declaration.name, merged) }
        progress.advance(by: range.count)
      }
    }
    var settings = first.settings
    settings.set("architectures", to: [.string(first.architecture.bareClassName)])
    for key in ["id2label", "label2id", "num_labels", "problem_type", "finetuning_task"] { settings.remove(key) }
    try writeSurroundings(settings, of: first, to: directory, title: "Merged encoder", hashes)
    return try ModelWeights(directory: directory)
  }

  /// One task's model: the merged encoder with the task's own head, or with the merged one.
  private func writeTask(
    _ index: Int, backbone: ModelWeights, _ heads: MergedHeads, _ hashes: [InputHashes], to directory: FilePath,
    _ progress: Progress
  ) throws {
    let source = planner.sources[index].model
    let declarations = source.parameters.map { TensorDeclaration(name: $0.name, type: type, shape: $0.shape) }
    let byName = Dictionary(uniqueKeysWithValues: source.parameters.map { ($0.name, $0) })
    try ShardedWriter.write(declarations, to: directory, maximumShardBytes: shardBytes) { declaration, writer in
      guard let parameter = byName[declaration.name] else { fatalError("a tensor that is no parameter") }
      if let merged = parameter.component.isHead ? try heads.merged(parameter, task: index) : nil {
        try withExtendedLifetime(merged) { try writer.write(declaration.name, merged.vector) }
      } else if parameter.component.isHead {
        try writer.write(declaration.name, source.tensor(parameter))
      } else if let merged = backbone[source.architecture.bareName(parameter.name)] {
        try writer.write(declaration.name, merged)
        progress.advance(by: parameter.count)
      }
    }
    let name = planner.plan.models[index].name
    try writeSurroundings(source.settings, of: source, to: directory, title: "Merged model for \(name)", hashes)
  }

  /// config.json, the tokenizer's files and the model card.
  private func writeSurroundings(
    _ settings: ModelConfiguration, of model: StoredModel, to directory: FilePath, title: String,
    _ hashes: [InputHashes]
  ) throws {
    var settings = settings
    let key = settings["dtype"] != nil ? "dtype" : "torch_dtype"
    settings.set(key, to: .string(recipe.outputType.rawValue))
    let file = try OutputFile(path: directory.appending("config.json"))
    try file.write(settings.serialized())
    try file.close()
    _ = try TokenizerFiles.copy(from: model.directory, to: directory)

    let inputs = zip(planner.plan.models, hashes).flatMap { planned, hashes in
      hashes.files.map { ModelCard.Input(name: "\(planned.reference)/\($0.name)", sha256: $0.sha256) }
        + (hashes.data.map { [ModelCard.Input(name: fileName(planned.data?.file), sha256: $0)] } ?? [])
    }
    let card = ModelCard(
      title: title,
      summary: "Merged by fishermerge \(Version.current) from \(planner.plan.models.count) models without training: "
        + "`\(planner.plan.method.rawValue)`, \(describe(planner.plan)).",
      baseModels: planner.plan.models.map(\.reference), recipe: recipe.text, command: session.cardCommand, inputs: inputs)
    let readme = try OutputFile(path: directory.appending("README.md"))
    try readme.write(card.markdown)
    try readme.close()
  }

  private func fileName(_ path: String?) -> String { path.flatMap { FilePath($0).lastComponent?.string } ?? "" }
}
