import Diagnostics
import SystemPackage

/// What people name where a model's directory is meant, and what they could name instead.
package enum ForeignDirectory: DiagnosedError, Equatable {
  /// LoRA or another adapter, to be merged into its base first.
  case adapter(FilePath)
  case gguf(FilePath, file: String)
  /// A directory of a training run, with models inside.
  case trainerRun(FilePath, checkpoint: String)
  /// The output of a merge, with models inside.
  case merge(FilePath, model: String)
  /// A file that Git LFS has not fetched; see ``MappedFile/isLFSPointer``.
  case pointer(FilePath)

  /// Throws what a directory is, if it is one of these; nothing where it may be a model's.
  package static func check(_ directory: FilePath) throws(ForeignDirectory) {
    guard let names = try? FileSystem.names(in: directory) else { return }
    for name in names where isPointer(directory.appending(name)) { throw .pointer(directory.appending(name)) }
    let hasWeights = names.contains {
      ($0.hasPrefix("model") && $0.hasSuffix(".safetensors")) || ($0.hasPrefix("pytorch_model") && $0.hasSuffix(".bin"))
    }
    if names.contains("config.json"), hasWeights { return }
    if names.contains("adapter_config.json") { throw .adapter(directory) }
    if let file = names.first(where: { $0.hasSuffix(".gguf") }) { throw .gguf(directory, file: file) }
    if names.contains("manifest.json"), let model = names.first(where: { isModel(directory.appending($0)) }) {
      throw .merge(directory, model: names.last { isModel(directory.appending($0)) && $0 != "backbone" } ?? model)
    }
    let runs = names.filter { $0.hasPrefix("checkpoint-") && isModel(directory.appending($0)) }
    if let last = runs.max(by: { step($0) < step($1) }) { throw .trainerRun(directory, checkpoint: last) }
  }

  private static func isPointer(_ path: FilePath) -> Bool {
    // Other files are too large to be one, and need not be opened.
    guard FileSystem.kind(path) == .file, let stamp = FileStamp(path), stamp.bytes < 1024 else { return false }
    return (try? MappedFile(path: path))?.isLFSPointer ?? false
  }

  private static func isModel(_ directory: FilePath) -> Bool { FileSystem.exists(directory.appending("config.json")) }

  private static func step(_ name: String) -> Int { name.split(separator: "-").last.flatMap { Int($0) } ?? 0 }

  package var subject: String {
    switch self {
    case .adapter(let path), .gguf(let path, _), .trainerRun(let path, _), .merge(let path, _), .pointer(let path):
      path.string
    }
  }

  package var problem: String {
    switch self {
    case .adapter: "this is an adapter (adapter_config.json), not a whole model"
    case .gguf(_, let file): "\(file) is a GGUF file, whose weights are mostly quantised; no such file is read"
    case .trainerRun: "this is the directory of a training run, not of one model"
    case .merge: "this is the output of a merge, not one model"
    case .pointer: "this is a pointer of Git LFS: the file itself was never fetched"
    }
  }

  package var remedy: String {
    switch self {
    case .adapter:
      "merge it into its base with peft (model.merge_and_unload().save_pretrained(directory)), and name that"
    case .gguf: "name the directory with the original weights (config.json and model.safetensors)"
    case .trainerRun(let path, let checkpoint): "name one of its models, such as \(path.appending(checkpoint))"
    case .merge(let path, let model): "name one of its models, such as \(path.appending(model))"
    case .pointer: "run `git lfs pull` in the clone, or download the file"
    }
  }

  package var exitCode: FailureCode { .badInput }
}
