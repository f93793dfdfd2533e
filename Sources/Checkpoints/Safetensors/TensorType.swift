import LinearAlgebra

/// The element types of the safetensors format, by the names in its header.
package enum TensorType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case float4 = "F4"
  case float6e2m3 = "F6_E2M3"
  case float6e3m2 = "F6_E3M2"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case float8e8m0 = "F8_E8M0"
  case float8e4m3fnuz = "F8_E4M3FNUZ"
  case float8e5m2fnuz = "F8_E5M2FNUZ"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// The size of one element in bits; the smallest types share bytes.
  package var bits: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz: 8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .complex64, .float64, .int64, .uint64: 64
    }
  }

  /// The format for conversion, nil where elements are not floating-point numbers that this program computes with.
  package var precision: StoredPrecision? {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// The type of a floating-point format.
  package init(_ precision: StoredPrecision) {
    switch precision {
    case .float64: self = .float64
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    }
  }
}

/// What the header of a safetensors file says about one tensor.
package struct TensorDescription: Sendable, Equatable {
  /// The name as stored.
  package let name: String
  package let type: TensorType
  /// The sizes of the dimensions, the slowest first; empty for a single number.
  package let shape: [Int]
  /// Where the data lie, in bytes from the start of the file.
  package let byteRange: Range<Int>

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}
