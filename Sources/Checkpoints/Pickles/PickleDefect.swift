/// Why the pickle in a file of tensors is not read: one case for each rule.
package enum PickleDefect: Error, Equatable {
  /// The pickle ends in the middle.
  case ends
  /// The pickle goes on after its end.
  case goesOn
  case version(Int)
  /// An instruction that only other pickles have.
  case instruction(String)
  /// A class or a function that a state dict has no use for.
  case foreign(String)
  /// A tensor of a form that has no storage of plain numbers.
  case special(String)
  /// An instruction without the values that it works on.
  case values(String)
  case integerTooLong
  case textNotUTF8
  /// What stands for a number of the memo that was never given, or not in order.
  case memo(Int)
  case storage
  case tensor
  /// A view that negates or conjugates what is stored.
  case changedView
  case dimensions(Int)

  var problem: String {
    switch self {
    case .ends: "ends too early"
    case .goesOn: "goes on after its end"
    case .version(let version): "has the protocol \(version); 2 to 5 are read"
    case .instruction(let name): "has the instruction \(name), which no state dict needs"
    case .foreign(let name): "asks for \(name), which is no part of a state dict; nothing was called"
    case .special(let name): "asks for \(name): a quantised, sparse or other tensor without plain numbers"
    case .values(let name): "has the instruction \(name) without the values that it works on"
    case .integerTooLong: "has an integer of more than 64 bits"
    case .textNotUTF8: "has a string that is not valid UTF-8"
    case .memo(let number): "refers to its memo's place \(number) where that is not due"
    case .storage: "describes a storage wrongly"
    case .tensor: "describes a tensor wrongly"
    case .changedView: "has a tensor that stands for the negative or the conjugate of what is stored"
    case .dimensions(let count):
      "has a tensor of \(count) dimensions; \(PickleMachine.maximumDimensions) are read"
    }
  }

  var remedy: String {
    switch self {
    case .ends: "the file is incomplete or damaged: fetch or copy it again"
    case .foreign(let name) where name.hasPrefix("transformers.") || name.hasPrefix("__main__."):
      "this is a whole Python object: load it with the program that wrote it, and call model.save_pretrained(directory)"
    case .foreign, .instruction:
      "where you trust its author, load it in Python and call model.save_pretrained(directory), which writes "
        + "model.safetensors"
    case .special: "save the model in float32, float16 or bfloat16; quantised models cannot be merged"
    case .changedView, .dimensions, .integerTooLong:
      "load the model with transformers and call model.save_pretrained(directory), which writes model.safetensors"
    default: "the program that wrote it has a defect, or the file was damaged: fetch it again or save the model again"
    }
  }
}
