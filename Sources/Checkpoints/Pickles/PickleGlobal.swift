/// A class or a function of Python that a pickle of tensors names. It is a name and stays one: nothing is called.
enum PickleGlobal: Equatable {
  /// `collections.OrderedDict`
  case orderedDictionary
  /// `torch._utils._rebuild_tensor_v2`: a view of a storage that has a type.
  case tensor
  /// `torch._utils._rebuild_tensor_v3`: a view of bytes, with its own type.
  case typedTensor
  /// `torch._utils._rebuild_parameter`
  case parameter
  /// `torch._utils._rebuild_parameter_with_state`
  case parameterWithState
  /// `torch.FloatStorage` and the like; nil for `torch.storage.UntypedStorage`.
  case storage(TensorType?)
  /// `torch.float32` and the like.
  case type(TensorType)

  /// Nil for every name but those of this list.
  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .tensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .typedTensor
    case ("torch._utils", "_rebuild_parameter"): self = .parameter
    case ("torch._utils", "_rebuild_parameter_with_state"): self = .parameterWithState
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      if let type = Self.storages[name] {
        self = .storage(type)
      } else if let type = Self.types[name] {
        self = .type(type)
      } else {
        return nil
      }
    default: return nil
    }
  }

  private static let storages: [String: TensorType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
    "BoolStorage": .bool, "ComplexFloatStorage": .complex64,
  ]

  private static let types: [String: TensorType] = [
    "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
    "int32": .int32, "int16": .int16, "int8": .int8, "uint64": .uint64, "uint32": .uint32, "uint16": .uint16,
    "uint8": .uint8, "bool": .bool, "complex64": .complex64, "float8_e4m3fn": .float8e4m3, "float8_e5m2": .float8e5m2,
    "float8_e4m3fnuz": .float8e4m3fnuz, "float8_e5m2fnuz": .float8e5m2fnuz, "float8_e8m0fnu": .float8e8m0,
  ]
}
