import CKernels

/// A function of one number between two linear layers.
package enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
  /// x Φ(x), the exact form.
  case gelu
  /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))).
  case geluTanh = "gelu_tanh"
  /// max(x, 0); its derivative at 0 is 0.
  case relu
  /// x / (1 + e⁻ˣ).
  case silu
  case tanh

  var kernel: UInt32 {
    switch self {
    case .gelu: ck_gelu.rawValue
    case .geluTanh: ck_gelu_tanh.rawValue
    case .relu: ck_relu.rawValue
    case .silu: ck_silu.rawValue
    case .tanh: ck_tanh.rawValue
    }
  }
}
