import Diagnostics
import SystemPackage

/// Why a model directory is none that the encoder can compute.
package enum ModelError: DiagnosedError, Equatable {
  case unknownFamily(FilePath, modelType: String)
  case unsupported(FilePath, key: String, value: String, supported: String)
  case impossibleSize(FilePath, key: String, value: Int)
  case unevenHeads(FilePath, headsKey: String, heads: Int, hiddenKey: String, hidden: Int)
  case missingTensor(FilePath, tensor: String)
  case unknownTensor(FilePath, tensor: String)
  /// The tensor is there, but a wrapper's name stands before its own.
  case foreignPrefix(FilePath, tensor: String, prefix: String)
  case wrongShape(FilePath, tensor: String, expected: [Int], found: [Int])
  case notFloatingPoint(FilePath, tensor: String, type: String)

  package var subject: String {
    switch self {
    case .unknownFamily(let path, _): "\(path): model_type"
    case .unsupported(let path, let key, _, _), .impossibleSize(let path, let key, _),
      .unevenHeads(let path, let key, _, _, _):
      "\(path): \(key)"
    case .missingTensor(let path, let tensor), .unknownTensor(let path, let tensor),
      .foreignPrefix(let path, let tensor, _),
      .wrongShape(let path, let tensor, _, _), .notFloatingPoint(let path, let tensor, _):
      "\(path): tensor \(tensor)"
    }
  }

  package var problem: String {
    switch self {
    case .unknownFamily(_, let modelType): "\"\(modelType)\" is a family that fishermerge does not know"
    case .unsupported(_, _, let value, _): "\(value) is not supported"
    case .impossibleSize(_, _, let value): "\(value) is no possible size"
    case .unevenHeads(_, _, let heads, let key, let hidden): "\(key) \(hidden) cannot be divided into \(heads) heads"
    case .missingTensor: "the model has no such tensor, but its config.json asks for it"
    case .foreignPrefix(_, _, let prefix):
      "\"\(prefix)\" stands before the names of the model's tensors, as a wrapper of training leaves it"
    case .unknownTensor: "this tensor belongs to no part of the model that config.json describes"
    case .wrongShape(_, _, let expected, let found): "the shape is \(found), but config.json asks for \(expected)"
    case .notFloatingPoint(_, _, let type): "the type is \(type), but weights must be F64, F32, F16 or BF16"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownFamily:
      "known families: \(Family.all.map(\.modelType).joined(separator: ", ")); ask for another in the project's issues"
    case .unsupported(_, _, _, let supported): "supported: \(supported)"
    case .impossibleSize, .unevenHeads: "check that config.json belongs to this model"
    case .foreignPrefix:
      "save the unwrapped model (model.module, model._orig_mod, …) with save_pretrained, or rename the tensors"
    case .missingTensor: "save the whole model again with save_pretrained of its classification class"
    case .unknownTensor: "save the model again with save_pretrained of its classification class, or remove the tensor"
    case .wrongShape: "check that config.json and the weights belong together"
    case .notFloatingPoint: "save the weights unquantised, in float32, float16 or bfloat16"
    }
  }

  package var exitCode: FailureCode { .badInput }
}
