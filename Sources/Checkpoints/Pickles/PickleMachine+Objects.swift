extension PickleMachine {
  /// The class or function of a name, if it is one that tensors need.
  func global(_ module: String, _ name: String) throws(PickleDefect) -> PickleGlobal {
    if let known = PickleGlobal(module, name) { return known }
    let full = "\(module).\(name)"
    let special = ["sparse", "qtensor", "nested", "meta_tensor", "wrapper_subclass"]
    if module == "torch._utils", special.contains(where: { name.hasPrefix("_rebuild_\($0)") }) { throw .special(full) }
    if module == "torch", name.hasSuffix("Storage") { throw .special(full) }
    throw .foreign(full)
  }

  /// BINPERSID: the storage that a tuple `("storage", class, key, device, count)` describes.
  mutating func findStorage() throws(PickleDefect) {
    guard case .tuple(let range) = try pop("BINPERSID"), range.count == 5 else { throw .storage }
    let parts = members[range]
    guard case .text("storage") = parts[range.lowerBound],
      case .global(.storage(let type)) = parts[range.lowerBound + 1],
      case .text(let key) = parts[range.lowerBound + 2], case .text = parts[range.lowerBound + 3],
      case .integer(let count) = parts[range.lowerBound + 4], count >= 0
    else { throw .storage }
    stack.append(.storage(storages.count))
    storages.append(PickledStorage(key: key, type: type, count: count))
  }

  /// REDUCE: what a function of the list would make of a tuple.
  mutating func reduce() throws(PickleDefect) {
    guard case .tuple(let range) = try pop("REDUCE"), case .global(let function) = try pop("REDUCE") else {
      throw .values("REDUCE")
    }
    switch function {
    case .orderedDictionary:
      guard range.isEmpty else { throw .values("REDUCE") }
      newDictionary()
    case .tensor, .typedTensor: try rebuildTensor(members[range], typed: function == .typedTensor)
    case .parameter, .parameterWithState:
      guard range.count == (function == .parameter ? 3 : 4), case .tensor(let tensor) = members[range.lowerBound],
        case .boolean = members[range.lowerBound + 1]
      else { throw .tensor }
      stack.append(.tensor(tensor))
    case .storage, .type: throw .values("REDUCE")
    }
  }

  /// The parts: storage, offset, shape, strides, whether it needs a gradient, hooks; then the type, where the storage
  /// has none; then perhaps a dictionary that is empty for a tensor that is what is stored.
  private mutating func rebuildTensor(_ parts: ArraySlice<PickleValue>, typed: Bool) throws(PickleDefect) {
    let first = parts.startIndex
    let least = typed ? 7 : 6
    guard (least...least + 1).contains(parts.count), case .storage(let index) = parts[first],
      case .integer(let offset) = parts[first + 1], offset >= 0, case .tuple(let shape) = parts[first + 2],
      case .tuple(let strides) = parts[first + 3], shape.count == strides.count, case .boolean = parts[first + 4]
    else { throw .tensor }
    guard shape.count <= Self.maximumDimensions else { throw .dimensions(shape.count) }
    for value in [members[shape], members[strides]].joined() {
      guard case .integer(let size) = value, size >= 0 else { throw .tensor }
    }
    if parts.count > least, case .dictionary(let metadata) = parts[first + least] {
      guard dictionaries[metadata].isEmpty else { throw .changedView }
    } else if parts.count > least {
      guard case .none = parts[first + least] else { throw .tensor }
    }
    let storage = storages[index]
    var type = storage.type
    if typed {
      guard case .global(.type(let own)) = parts[first + 6], type == nil else { throw .tensor }
      type = own
    }
    guard let type else { throw .tensor }
    stack.append(.tensor(tensors.count))
    tensors.append(PickledTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
  }

  /// BUILD: attributes of a dictionary, such as the versions of modules that state dicts have (`_metadata`). No weight
  /// is among them.
  mutating func build() throws(PickleDefect) {
    guard case .dictionary = try pop("BUILD"), case .dictionary(let target) = try pop("BUILD") else {
      throw .values("BUILD")
    }
    stack.append(.dictionary(target))
  }

  /// Whether a tensor is among the values of a dictionary.
  func holdsTensors(_ dictionary: Int) -> Bool {
    dictionaries[dictionary].contains { if case .tensor = $0.value { true } else { false } }
  }

  /// The integers of a tuple.
  func integers(_ range: Range<Int>) -> [Int] {
    members[range].compactMap { if case .integer(let value) = $0 { value } else { nil } }
  }
}
