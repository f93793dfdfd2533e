#if COVERAGE_GUIDED
  import ForeignBytes
  import Foundation

  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  @_silgen_name("LLVMFuzzerMutate")
  private func defaultMutation(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

  nonisolated(unsafe) private var reader = Reader.all[0]

  /// Every other mutation is one of ours, which know the formats' words and nesting.
  @_cdecl("LLVMFuzzerCustomMutator")
  func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32) -> Int {
    guard seed & 1 == 0 else { return defaultMutation(data, size, maximum) }
    var generator = SeededGenerator(seed: UInt64(seed))
    var input = Array(UnsafeBufferPointer(start: data, count: size))
    reader.mutate(&input, &generator)
    let count = min(input.count, maximum)
    for index in 0..<count { data[index] = input[index] }
    return count
  }

  /// libFuzzer with `arguments` of its own.
  func guidedRun(_ chosen: Reader, _ arguments: [String]) -> Never {
    reader = chosen
    var pointers: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + arguments).map { strdup($0) } + [nil]
    var count = Int32(pointers.count - 1)
    let code = pointers.withUnsafeMutableBufferPointer { buffer -> Int32 in
      guard var base = buffer.baseAddress else { return 1 }
      return runDriver(&count, &base) { data, size in
        reader.accepts(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
      }
    }
    exit(code)
  }
#endif
