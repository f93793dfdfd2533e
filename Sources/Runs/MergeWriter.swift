import Checkpoints
import Encoders
import LinearAlgebra
import ModelMerging
import Planning
import Recipes
import Sessions
import SystemPackage
import Terminal

/// Writes the output of a merge: the backbone, a complete model for each task, and the manifest last. Not collective.
struct MergeWriter {
  let session: Session
  let recipe: Recipe
  let plan: Plan
  let inputs: Inputs
  let output: FilePath
  let shardBytes: Int

  /// The models as they lie under the temporary name, before the output has its manifest and its own name.
  struct Written {
    let directory: AtomicDirectory
    /// The merged encoder, in the type that was written.
    let backbone: ModelWeights
    let hashes: [InputHashes]
    let disagreement: MeasuredDisagreement
  }

  /// Writes the backbone and every task's model, with these heads, under a temporary name.
  func writeModels(_ merge: any ParameterMerge, _ heads: MergedHeads) throws -> Written {
    let directory = try AtomicDirectory(output)
    let models = plan.models
    let hashes = inputs.sources.compactMap(\.hashes)
    let parameters = inputs.models[0].mergedParameters.reduce(0) { $0 + $1.count }
    let writing = PhaseProgress(
      "writing", total: (models.count + 1) * parameters, unit: "parameters", console: session.console)
    let backbone = try directory.makeDirectory("backbone")
    let tasks = try models.map { try directory.makeDirectory($0.name) }
    let disagreement = try MeasuredDisagreement(inputs.models, names: models.map(\.name))
    try writeWeights(merge, heads, disagreement, backbone: backbone, tasks: tasks, writing)
    writing.finish()
    let first = inputs.sources[0].model
    var settings = first.settings
    settings.set("architectures", to: [.string(first.family.bareClassName)])
    for key in ["id2label", "label2id", "num_labels", "problem_type", "finetuning_task"] { settings.remove(key) }
    try writeSurroundings(settings, of: first, to: backbone, title: "Merged encoder", hashes)
    for (index, task) in tasks.enumerated() {
      let source = inputs.sources[index].model
      let title = "Merged model for \(models[index].name)"
      try writeSurroundings(source.settings, of: source, to: task, title: title, hashes)
    }
    return Written(
      directory: directory, backbone: try ModelWeights(directory: backbone), hashes: hashes, disagreement: disagreement)
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

  /// The merged encoder, alone under a bare encoder's names, and with each task's own head, or with the merged one.
  ///
  /// Every merged piece goes into all files while it is in the cache.
  private func writeWeights(
    _ merge: any ParameterMerge, _ heads: MergedHeads, _ disagreement: MeasuredDisagreement, backbone: FilePath,
    tasks: [FilePath], _ progress: PhaseProgress
  ) throws {
    let sources = inputs.models
    func writer(_ parameters: [(name: String, shape: [Int])], _ directory: FilePath) throws -> ShardedWriter {
      try ShardedWriter(
        parameters.map { TensorDeclaration(name: $0.name, type: type, shape: $0.shape) }, to: directory,
        maximumShardBytes: shardBytes)
    }
    let bareName = sources[0].family.bareName
    let parameters = sources[0].mergedParameters
    let encoder = try writer(parameters.map { (bareName($0.name), $0.shape) }, backbone)
    let models = try zip(sources, tasks).map { source, directory in
      try writer(source.parameters.map { ($0.name, $0.shape) }, directory)
    }
    var values = Buffer<Float>(count: MergePieces.elements)
    for parameter in parameters {
      let targets = [(encoder, bareName(parameter.name))] + models.map { ($0, parameter.name) }
      try merge.forEachPiece(of: parameter) { range, merge in
        // Pieces are of whole rows, and a row may be long.
        if values.count < range.count { values = Buffer<Float>(count: range.count) }
        let merged = values.vector[0..<range.count]
        try merge(merged)
        for (writer, name) in targets { try writer.write(name) { try $0.write(name, merged) } }
        try disagreement.add(parameter, range)
        withExtendedLifetime(values) {}
        progress.advance(by: targets.count * range.count)
      }
    }
    for (index, source) in sources.enumerated() {
      for parameter in source.parameters where parameter.isHead {
        let merged = try heads.merged(parameter, task: index)
        try models[index].write(parameter.name) { writer in
          guard let merged else { return try writer.write(parameter.name, source.tensor(parameter)) }
          try withExtendedLifetime(merged) { try writer.write(parameter.name, merged.vector) }
        }
      }
    }
    for writer in [encoder] + models { try writer.finish() }
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

    let files = zip(plan.models, hashes).flatMap { planned, hashes in
      hashes.files.map { ModelCard.Input(name: "\(planned.reference)/\($0.name)", sha256: $0.sha256) }
        + (hashes.data.map { [ModelCard.Input(name: fileName(planned.data?.file), sha256: $0)] } ?? [])
    }
    let card = ModelCard(
      title: title,
      summary: "Merged by fishermerge \(Version.current) from \(plan.models.count) models without training: "
        + "`\(recipe.method.name)`, \(plan.text).",
      baseModels: plan.models.map(\.reference), recipe: recipe.text, command: session.cardCommand,
      inputs: files)
    let readme = try OutputFile(path: directory.appending("README.md"))
    try readme.write(card.markdown)
    try readme.close()
  }

  private func fileName(_ path: String?) -> String { path.flatMap { FilePath($0).lastComponent?.string } ?? "" }
}
