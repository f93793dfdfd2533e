/// What a pickle of tensors is made of. What can hold others is a place in a ``PickleMachine``'s lists, so that a value
/// that holds itself is no cycle of references, and the same one many times takes no room.
enum PickleValue {
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case text(String)
  /// Where its members are in ``PickleMachine/members``.
  case tuple(Range<Int>)
  case list(Int)
  case dictionary(Int)
  case storage(Int)
  case tensor(Int)
  case global(PickleGlobal)

  /// For messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .boolean: "a truth value"
    case .integer: "an integer"
    case .float: "a number"
    case .text: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .storage: "a storage without a tensor"
    case .tensor: "a tensor"
    case .global: "a class or a function"
    }
  }
}

/// The memory behind tensors: an entry of the archive, as the pickle describes it.
struct PickledStorage {
  /// The end of the entry's name, `data/KEY`.
  let key: String
  /// Nil where the tensors say it.
  let type: TensorType?
  /// The number of elements, of bytes without a type; not negative.
  let count: Int
}

/// A view of a storage as the pickle describes it. Only the storage's own length says whether it is one.
struct PickledTensor {
  let storage: PickledStorage
  let type: TensorType
  /// In elements, not negative.
  let offset: Int
  /// The sizes of the dimensions and their strides in elements: as many of each, none negative.
  let shape: Range<Int>
  let strides: Range<Int>
}
