import Diagnostics
import SystemPackage

/// Why the weights of a model directory cannot be used.
package enum WeightsError: DiagnosedError, Equatable {
  case noDirectory(FilePath)
  case noWeights(FilePath)
  case safetensors(SafetensorsError)
  case pickle(PickleError)
  case index(JSONFileError)
  case malformedIndex(FilePath, key: String)
  /// A shard's name would lead out of the directory.
  case unsafeShard(FilePath, tensor: String, shard: String)
  case missingShard(FilePath, shard: String)
  /// A shard is a symbolic link to where no file of this model belongs.
  case outsideShard(FilePath, shard: String, target: FilePath)
  case notInShard(FilePath, tensor: String, shard: String)
  case notInIndex(FilePath, tensor: String, shard: String)
  /// Two stored tensors have the same name, at least after legacy names are translated.
  case ambiguousName(FilePath, name: String, first: String, second: String)

  package var subject: String {
    switch self {
    case .noDirectory(let path), .noWeights(let path), .malformedIndex(let path, _),
      .missingShard(let path, _), .outsideShard(let path, _, _):
      path.string
    case .safetensors(let error): error.subject
    case .pickle(let error): error.subject
    case .index(let error): error.subject
    case .unsafeShard(let path, let tensor, _), .notInShard(let path, let tensor, _),
      .notInIndex(let path, let tensor, _), .ambiguousName(let path, let tensor, _, _):
      "\(path), tensor \(tensor)"
    }
  }

  package var problem: String {
    switch self {
    case .noDirectory: "there is no such model directory"
    case .noWeights:
      "the directory has neither model.safetensors nor pytorch_model.bin, nor an index of shards (*.index.json)"
    case .safetensors(let error): error.problem
    case .pickle(let error): error.problem
    case .index(let error): error.problem
    case .malformedIndex(_, let key): "\(key) is missing or has the wrong form"
    case .unsafeShard(_, _, let shard): "the shard \"\(shard)\" is no plain file name in the same directory"
    case .missingShard(_, let shard): "the shard \(shard) is missing"
    case .outsideShard(_, let shard, let target):
      "the shard \(shard) is a link to \(target), which lies neither in this directory nor beside the index's own file"
    case .notInShard(_, _, let shard): "the index places it in \(shard), which does not hold it"
    case .notInIndex(_, _, let shard): "\(shard) holds it, but the index does not place it there"
    case .ambiguousName(_, _, let first, let second): "two stored tensors have this name: \(first), and \(second)"
    }
  }

  package var remedy: String {
    switch self {
    case .noDirectory: "check the path of the model"
    case .noWeights: "name a directory that AutoModel….save_pretrained wrote"
    case .safetensors(let error): error.remedy
    case .pickle(let error): error.remedy
    case .index(let error): error.remedy
    case .missingShard: "fetch or copy the missing file into the directory"
    case .outsideShard: "put the file itself into the directory, or make the index a link to where the shards lie, too"
    case .malformedIndex, .unsafeShard, .notInShard, .notInIndex, .ambiguousName:
      "fetch the model again, or save it again with save_pretrained"
    }
  }

  package var exitCode: FailureCode {
    switch self {
    case .noDirectory, .noWeights, .missingShard: .missingInput
    case .safetensors(let error): error.exitCode
    case .pickle(let error): error.exitCode
    case .index(let error): error.exitCode
    default: .badInput
    }
  }
}
