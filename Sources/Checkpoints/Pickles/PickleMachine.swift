/// Runs the instructions of Python's pickle format as far as `torch.save` needs them for a dictionary of tensors.
///
/// The format: `pickletools` of Python's library. A pickle is a program for a machine with a stack and a memo. Here it
/// can make strings, numbers, tuples, lists, dictionaries and descriptions of tensors, and nothing else: the names of
/// classes and functions are looked up in ``PickleGlobal`` and refused where they are not there. Time and memory are
/// within a constant multiple of the pickle's length, and nothing is recursive.
struct PickleMachine {
  /// More than the tensors of any model have.
  static let maximumDimensions = 16

  private let bytes: UnsafeRawBufferPointer
  private var next = 0
  /// Where the instruction begins that is being run.
  private(set) var position = 0

  var stack: [PickleValue] = []
  /// The heights of the stack at the marks.
  private var marks: [Int] = []
  private var memo: [PickleValue] = []

  /// The members of all tuples.
  var members: [PickleValue] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickledStorage] = []
  var tensors: [PickledTensor] = []

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Runs the pickle to its end.
  ///
  /// - Returns: what it made.
  mutating func run() throws(PickleDefect) -> PickleValue {
    while true {
      position = next
      let code: UInt8 = try integer()
      if code == UInt8(ascii: ".") { break }
      try run(code)
    }
    let value = try pop(".")
    guard next == bytes.count else { throw .goesOn }
    return value
  }

  private mutating func run(_ code: UInt8) throws(PickleDefect) {
    switch code {
    case 0x80:
      let version: UInt8 = try integer()
      guard (2...5).contains(version) else { throw .version(Int(version)) }
    // FRAME says only how much to read at once.
    case 0x95: _ = try integer() as UInt64
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.boolean(true))
    case 0x89: stack.append(.boolean(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try integer() as Int32)))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try integer() as UInt8)))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try integer() as UInt16)))
    case 0x8A: stack.append(.integer(try longInteger(try integer() as UInt8)))
    case UInt8(ascii: "G"): stack.append(.float(Double(bitPattern: (try integer() as UInt64).byteSwapped)))
    case UInt8(ascii: "X"): stack.append(.text(try text(try integer() as UInt32)))
    case 0x8C: stack.append(.text(try text(try integer() as UInt8)))
    case 0x8D: stack.append(.text(try text(try integer() as UInt64)))
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): stack.append(.tuple(members.count..<members.count))
    case 0x85...0x87: try tuple(from: stack.count - Int(code - 0x84), "TUPLE")
    case UInt8(ascii: "t"): try tuple(from: try popMark("TUPLE"), "TUPLE")
    case UInt8(ascii: "]"):
      stack.append(.list(lists.count))
      lists.append([])
    case UInt8(ascii: "a"): try append(from: stack.count - 1, "APPEND")
    case UInt8(ascii: "e"): try append(from: try popMark("APPENDS"), "APPENDS")
    case UInt8(ascii: "}"): newDictionary()
    case UInt8(ascii: "s"): try set(from: stack.count - 2, "SETITEM")
    case UInt8(ascii: "u"): try set(from: try popMark("SETITEMS"), "SETITEMS")
    case UInt8(ascii: "q"): try memorize(at: Int(try integer() as UInt8))
    case UInt8(ascii: "r"): try memorize(at: Int(try integer() as UInt32))
    case 0x94: try memorize(at: memo.count)
    case UInt8(ascii: "h"): try recall(Int(try integer() as UInt8))
    case UInt8(ascii: "j"): try recall(Int(try integer() as UInt32))
    case UInt8(ascii: "c"): stack.append(.global(try global(try line(), try line())))
    case 0x93:
      guard case .text(let name) = try pop("STACK_GLOBAL"), case .text(let module) = try pop("STACK_GLOBAL") else {
        throw .values("STACK_GLOBAL")
      }
      stack.append(.global(try global(module, name)))
    case UInt8(ascii: "Q"): try findStorage()
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "i"): throw .foreign("\(try line()).\(try line())")
    default: throw .instruction(Self.names[code] ?? "0x" + [code].hexadecimal)
    }
  }

  /// What other pickles have, by the names of `pickletools`.
  private static let names: [UInt8: String] = [
    UInt8(ascii: "o"): "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
    UInt8(ascii: "P"): "PERSID", UInt8(ascii: "0"): "POP", UInt8(ascii: "1"): "POP_MARK", UInt8(ascii: "2"): "DUP",
    UInt8(ascii: "B"): "BINBYTES", UInt8(ascii: "C"): "SHORT_BINBYTES", 0x8E: "BINBYTES8", 0x96: "BYTEARRAY8",
    0x8B: "LONG4", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x97: "NEXT_BUFFER",
    0x98: "READONLY_BUFFER", UInt8(ascii: "I"): "INT", UInt8(ascii: "L"): "LONG", UInt8(ascii: "F"): "FLOAT",
    UInt8(ascii: "S"): "STRING", UInt8(ascii: "T"): "BINSTRING", UInt8(ascii: "U"): "SHORT_BINSTRING",
    UInt8(ascii: "V"): "UNICODE", UInt8(ascii: "d"): "DICT", UInt8(ascii: "l"): "LIST", UInt8(ascii: "p"): "PUT",
    UInt8(ascii: "g"): "GET",
  ]

  // MARK: Bytes

  private mutating func integer<Word: FixedWidthInteger & BitwiseCopyable>() throws(PickleDefect) -> Word {
    guard let word = bytes.littleEndian(Word.self, at: next) else { throw .ends }
    next += MemoryLayout<Word>.size
    return word
  }

  private mutating func take(_ count: some BinaryInteger) throws(PickleDefect) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - next else { throw .ends }
    defer { next += Int(count) }
    return UnsafeRawBufferPointer(rebasing: bytes[next..<next + Int(count)])
  }

  /// A number in the complement on two, the lowest byte first.
  private mutating func longInteger(_ count: UInt8) throws(PickleDefect) -> Int {
    guard count <= 8 else { throw .integerTooLong }
    let word = try take(count)
    var value = word.last.map { $0 & 0x80 == 0 ? 0 : -1 } ?? 0
    for byte in word.reversed() { value = value << 8 | Int(byte) }
    return value
  }

  private mutating func text(_ count: some BinaryInteger) throws(PickleDefect) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else { throw .textNotUTF8 }
    return text
  }

  /// What stands before the next line feed.
  private mutating func line() throws(PickleDefect) -> String {
    guard let end = bytes[next...].firstIndex(of: 0x0A) else { throw .ends }
    let line = try text(end - next)
    next = end + 1
    return line
  }

  // MARK: The stack and the memo

  /// Takes the uppermost value, which must stand above the last mark.
  mutating func pop(_ instruction: String) throws(PickleDefect) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw .values(instruction) }
    return value
  }

  private mutating func popMark(_ instruction: String) throws(PickleDefect) -> Int {
    guard let mark = marks.popLast() else { throw .values(instruction) }
    return mark
  }

  private mutating func tuple(from start: Int, _ instruction: String) throws(PickleDefect) {
    guard start >= marks.last ?? 0 else { throw .values(instruction) }
    let first = members.count
    members += stack[start...]
    stack.removeSubrange(start...)
    stack.append(.tuple(first..<members.count))
  }

  mutating func newDictionary() {
    stack.append(.dictionary(dictionaries.count))
    dictionaries.append([])
  }

  private mutating func append(from start: Int, _ instruction: String) throws(PickleDefect) {
    guard start > marks.last ?? 0, case .list(let list) = stack[start - 1] else { throw .values(instruction) }
    lists[list] += stack[start...]
    stack.removeSubrange(start...)
  }

  private mutating func set(from start: Int, _ instruction: String) throws(PickleDefect) {
    guard start > marks.last ?? 0, (stack.count - start) % 2 == 0, case .dictionary(let dictionary) = stack[start - 1]
    else { throw .values(instruction) }
    for place in stride(from: start, to: stack.count, by: 2) {
      dictionaries[dictionary].append((stack[place], stack[place + 1]))
    }
    stack.removeSubrange(start...)
  }

  /// Picklers number what they remember in order, which keeps the memo as short as the pickle.
  private mutating func memorize(at place: Int) throws(PickleDefect) {
    let value = try pop("PUT")
    stack.append(value)
    guard place <= memo.count else { throw .memo(place) }
    if place == memo.count { memo.append(value) } else { memo[place] = value }
  }

  private mutating func recall(_ place: Int) throws(PickleDefect) {
    guard place < memo.count else { throw .memo(place) }
    stack.append(memo[place])
  }
}
