import Testing

@testable import Checkpoints

@Suite("Pickles of torch: instructions")
struct PickleMachineTests {
  private func run(_ bytes: [UInt8]) throws(PickleDefect) -> (PickleValue, PickleMachine) {
    let result: Result<(PickleValue, PickleMachine), PickleDefect> = bytes.withUnsafeBytes { memory in
      var machine = PickleMachine(memory)
      do throws(PickleDefect) { return .success((try machine.run(), machine)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func text(_ value: String) -> [UInt8] { TensorFixture.text(value) }

  /// A value as text, with what it holds.
  private func describe(_ value: PickleValue, _ machine: PickleMachine) -> String {
    func list(_ values: some Sequence<PickleValue>) -> String {
      values.map { describe($0, machine) }.joined(separator: ",")
    }
    switch value {
    case .none: return "None"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .float(let value): return "\(value)"
    case .text(let value): return "'\(value)'"
    case .tuple(let range): return "(\(list(machine.members[range])))"
    case .list(let index): return "[\(list(machine.lists[index]))]"
    case .dictionary(let index):
      return "{" + machine.dictionaries[index].map { list([$0.key]) + ":" + list([$0.value]) }.joined(separator: ",")
        + "}"
    case .storage(let index): return "\(machine.storages[index])"
    case .tensor(let index): return "tensor \(index)"
    case .global(let value): return "\(value)"
    }
  }

  @Test(
    "Every instruction makes what Python makes of it",
    arguments: [
      ("N.", "None"), ("\u{88}.", "true"), ("\u{89}.", "false"), ("K\u{ff}.", "255"), ("M\u{ff}\u{fe}.", "65279"),
      ("J\u{ff}\u{ff}\u{ff}\u{ff}.", "-1"), ("J\u{0}\u{0}\u{0}\u{80}.", "-2147483648"),
      ("\u{8a}\u{0}.", "0"), ("\u{8a}\u{1}\u{ff}.", "-1"), ("\u{8a}\u{2}\u{ff}\u{0}.", "255"),
      ("\u{8a}\u{8}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{7f}.", "9223372036854775807"),
      ("\u{8a}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}.", "-9223372036854775808"),
      ("G\u{3f}\u{f8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.", "1.5"), ("X\u{2}\u{0}\u{0}\u{0}\u{c3}\u{a9}.", "'é'"),
      ("\u{8c}\u{1}a.", "'a'"), ("\u{8d}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}a.", "'a'"),
      (").", "()"), ("N\u{85}.", "(None)"), ("NK\u{1}\u{86}.", "(None,1)"), ("NK\u{1}N\u{87}.", "(None,1,None)"),
      ("(NNt.", "(None,None)"), ("(t.", "()"), ("].", "[]"), ("]Na.", "[None]"), ("](NK\u{2}e.", "[None,2]"),
      ("}.", "{}"), ("}NK\u{1}s.", "{None:1}"), ("}(NK\u{1}K\u{2}Nu.", "{None:1,2:None}"),
      // The memo gives the same list, which is filled afterwards.
      ("]q\u{0}h\u{0}Nah\u{0}\u{86}.", "([None],[None])"),
      ("]\u{94}r\u{1}\u{0}\u{0}\u{0}j\u{1}\u{0}\u{0}\u{0}\u{86}.", "([],[])"),
      ("Nq\u{0}K\u{1}q\u{0}h\u{0}\u{87}.", "(None,1,1)"),
      ("\u{80}\u{4}\u{95}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}N.", "None"),
      ("ccollections\nOrderedDict\n.", "orderedDictionary"), ("ccollections\nOrderedDict\n)R.", "{}"),
      ("\u{8c}\u{5}torch\u{8c}\u{7}float16\u{93}.", "type(Checkpoints.TensorType.float16)"),
      ("ctorch.storage\nUntypedStorage\n.", "storage(nil)"),
      ("}}NNsb.", "{}"), ("}N}s}b.", "{None:{}}"),
    ])
  func values(_ program: String, _ expected: String) throws {
    let (value, machine) = try run(program.unicodeScalars.map { UInt8($0.value) })
    #expect(describe(value, machine) == expected)
  }

  @Test(
    "Instructions without their values, and those of other pickles, are refused",
    arguments: [
      ("", PickleDefect.ends), ("N", .ends), ("K", .ends), ("M\u{1}", .ends), ("X\u{2}\u{0}\u{0}\u{0}a", .ends),
      ("X\u{ff}\u{ff}\u{ff}\u{ff}a.", .ends), ("\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}a.", .ends),
      ("\u{8a}\u{8}\u{1}", .ends), ("c", .ends), ("ca\nb", .ends), ("N.N", .goesOn), ("\u{80}\u{1}N.", .version(1)),
      ("\u{80}\u{6}N.", .version(6)), ("\u{8a}\u{9}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}\u{0}.", .integerTooLong),
      ("X\u{1}\u{0}\u{0}\u{0}\u{ff}.", .textNotUTF8), ("ca\u{ff}\nb\n.", .textNotUTF8),
      (".", .values(".")), ("(.", .values(".")), ("N(.", .values(".")), ("\u{85}.", .values("TUPLE")),
      ("N(N\u{86}.", .values("TUPLE")), ("NN\u{87}.", .values("TUPLE")), ("Nt.", .values("TUPLE")),
      ("a.", .values("APPEND")), ("Na.", .values("APPEND")), ("NNa.", .values("APPEND")),
      ("](Na.", .values("APPEND")), ("]e.", .values("APPENDS")), ("(e.", .values("APPENDS")),
      ("}(Ne.", .values("APPENDS")),
      ("s.", .values("SETITEM")), ("NNs.", .values("SETITEM")), ("]NNs.", .values("SETITEM")),
      ("}(NNs.", .values("SETITEM")), ("}(Nu.", .values("SETITEMS")), ("}NNu.", .values("SETITEMS")),
      ("(u.", .values("SETITEMS")), ("]((u.", .values("SETITEMS")),
      ("q\u{0}.", .values("PUT")), ("N(q\u{0}.", .values("PUT")), ("Nq\u{1}.", .memo(1)),
      ("Nr\u{ff}\u{ff}\u{ff}\u{ff}.", .memo(0xFFFF_FFFF)), ("h\u{0}.", .memo(0)),
      ("j\u{0}\u{0}\u{0}\u{1}.", .memo(1 << 24)),
      ("NN\u{93}.", .values("STACK_GLOBAL")), ("N\u{8c}\u{1}a\u{93}.", .values("STACK_GLOBAL")),
      ("\u{8c}\u{1}a\u{93}.", .values("STACK_GLOBAL")), ("R.", .values("REDUCE")), (")R.", .values("REDUCE")),
      ("N)R.", .values("REDUCE")), ("ccollections\nOrderedDict\nNR.", .values("REDUCE")),
      ("ccollections\nOrderedDict\nN\u{85}R.", .values("REDUCE")), ("ctorch\nFloatStorage\n)R.", .values("REDUCE")),
      ("ctorch\nfloat32\n)R.", .values("REDUCE")), ("b.", .values("BUILD")), ("N}b.", .values("BUILD")),
      ("}Nb.", .values("BUILD")), ("}(}b.", .values("BUILD")), ("Q.", .values("BINPERSID")), ("NQ.", .storage),
      (")Q.", .storage), ("(iposix\nsystem\n.", .foreign("posix.system")), ("cos\nsystem\n.", .foreign("os.system")),
      ("\u{8c}\u{2}os\u{8c}\u{6}system\u{93}.", .foreign("os.system")), ("ctorch\nload\n.", .foreign("torch.load")),
      ("ctorch._utils\n_rebuild_tensor_v2.x\n.", .foreign("torch._utils._rebuild_tensor_v2.x")),
      ("ctorch._utils\n_rebuild_qtensor\n.", .special("torch._utils._rebuild_qtensor")),
      ("ctorch\nQInt8Storage\n.", .special("torch.QInt8Storage")),
      ("o.", .instruction("OBJ")), ("\u{81}.", .instruction("NEWOBJ")), ("\u{92}.", .instruction("NEWOBJ_EX")),
      ("\u{82}\u{1}.", .instruction("EXT1")), ("Px\n.", .instruction("PERSID")), ("\u{ff}.", .instruction("0xff")),
      ("N0.", .instruction("POP")), ("I1\n.", .instruction("INT")), ("\u{8f}.", .instruction("EMPTY_SET")),
    ])
  func refused(_ program: String, _ defect: PickleDefect) {
    let bytes = program.unicodeScalars.map { UInt8($0.value) }
    #expect(throws: defect) { try run(bytes) }
    #expect(!defect.problem.isEmpty && !defect.remedy.isEmpty)
  }

  @Test("A list that holds itself is no trouble, nor is a deep one")
  func nesting() throws {
    _ = try run(Array("]".utf8) + [0x94] + Array("h".utf8) + [0] + Array("a.".utf8))
    let deep = Array(repeating: UInt8(0x5D), count: 100_000) + Array(repeating: UInt8(0x61), count: 99_999) + [0x2E]
    _ = try run(deep)
    _ = try run([0x4E] + Array(repeating: 0x85, count: 100_000) + [0x2E])
  }

  @Test("The place of an error is that of its instruction")
  func place() throws {
    let program = [0x80, 2] + text("a") + Array("cos\nsystem\n.".utf8)
    let archive = ZipFixture(pickle: program)
    #expect(throws: PickleError.pickle("pytorch_model.bin", offset: 8, .foreign("os.system"))) {
      try read(archive.bytes)
    }
    let error = #expect(throws: PickleError.self) { try read(archive.bytes) }
    #expect(error?.problem.contains("os.system") == true && error?.problem.contains("nothing was called") == true)
  }

  // MARK: Tensors

  private func parts(_ values: [[UInt8]], function: String = "_rebuild_tensor_v2") -> [UInt8] {
    TensorFixture.global("torch._utils", function) + [0x28] + values.joined() + Array("tR.".utf8)
  }

  @Test("A storage and a tensor are described by values of the right kinds, no more and no fewer")
  func descriptions() throws {
    let fixture = TensorFixture()
    let storage = fixture.storageValue
    let none: [UInt8] = [0x4E]
    let right = [
      storage, TensorFixture.number(0), TensorFixture.tuple([2, 3]), TensorFixture.tuple([3, 1]), [0x89],
      TensorFixture.ordered,
    ]
    _ = try run(parts(right))
    _ = try run(parts(right + [none]))
    _ = try run(parts(right + [[0x7D]]))
    for place in 0..<5 {
      var wrong = right
      wrong[place] = none
      #expect(throws: PickleDefect.tensor) { try run(parts(wrong)) }
    }
    #expect(throws: PickleDefect.tensor) { try run(parts(right.dropLast())) }
    #expect(throws: PickleDefect.tensor) { try run(parts(right + [none, none])) }
    #expect(throws: PickleDefect.tensor) { try run(parts(right + [[0x88]])) }
    let metadata = [0x7D] + TensorFixture.text("neg") + Array([0x88, 0x73])
    #expect(throws: PickleDefect.changedView) { try run(parts(right + [metadata])) }
    for (place, values) in [
      (1, TensorFixture.number(-1)), (2, TensorFixture.tuple([2, -3])),
      (3, TensorFixture.tuple([3, -1])), (3, TensorFixture.tuple([3])), (2, [0x28] + none + none + [0x74]),
    ] {
      var wrong = right
      wrong[place] = values
      #expect(throws: PickleDefect.tensor) { try run(parts(wrong)) }
    }
    var many = right
    (many[2], many[3]) = (
      TensorFixture.tuple(Array(repeating: 1, count: 17)), TensorFixture.tuple(Array(repeating: 1, count: 17))
    )
    #expect(throws: PickleDefect.dimensions(17)) { try run(parts(many)) }

    // With a type of its own: of a storage without one, and only of such.
    let bytes =
      [0x28] + TensorFixture.text("storage") + TensorFixture.global("torch.storage", "UntypedStorage")
      + TensorFixture.text("0") + TensorFixture.text("cpu") + TensorFixture.number(24) + Array("tQ".utf8)
    let type = TensorFixture.global("torch", "uint16")
    var typed = right + [type]
    #expect(throws: PickleDefect.tensor) { try run(parts(typed, function: "_rebuild_tensor_v3")) }
    typed[0] = bytes
    _ = try run(parts(typed, function: "_rebuild_tensor_v3"))
    #expect(throws: PickleDefect.tensor) { try run(parts(right + [none], function: "_rebuild_tensor_v3")) }
    #expect(throws: PickleDefect.tensor) { try run(parts(typed.dropLast())) }
    #expect(throws: PickleDefect.changedView) {
      try run(parts(typed + [metadata], function: "_rebuild_tensor_v3"))
    }

    let tensor = fixture.tensor
    _ = try run(parts([tensor, [0x88], TensorFixture.ordered], function: "_rebuild_parameter"))
    _ = try run(parts([tensor, [0x88], TensorFixture.ordered, none], function: "_rebuild_parameter_with_state"))
    for wrong in [[tensor, [0x88]], [none, [0x88], none], [tensor, none, none], [tensor, [0x88], none, none]] {
      #expect(throws: PickleDefect.tensor) { try run(parts(wrong, function: "_rebuild_parameter")) }
    }
    #expect(throws: PickleDefect.tensor) {
      try run(parts([tensor, [0x88], none], function: "_rebuild_parameter_with_state"))
    }
  }

  @Test("A storage is described by five values of the right kinds")
  func storages() throws {
    let right = [
      TensorFixture.text("storage"), TensorFixture.global("torch", "FloatStorage"), TensorFixture.text("0"),
      TensorFixture.text("cuda:0"), TensorFixture.number(6),
    ]
    func program(_ values: [[UInt8]]) -> [UInt8] { [0x28] + values.joined() + Array("tQ.".utf8) }
    _ = try run(program(right))
    for place in right.indices {
      var wrong = right
      wrong[place] = [0x4E]
      #expect(throws: PickleDefect.storage) { try run(program(wrong)) }
    }
    for (place, values) in [
      (0, TensorFixture.text("module")), (1, TensorFixture.global("torch", "float32")), (4, TensorFixture.number(-1)),
    ] {
      var wrong = right
      wrong[place] = values
      #expect(throws: PickleDefect.storage) { try run(program(wrong)) }
    }
    #expect(throws: PickleDefect.storage) { try run(program(right.dropLast())) }
    #expect(throws: PickleDefect.storage) { try run(program(right + [[0x4E]])) }
  }
}
