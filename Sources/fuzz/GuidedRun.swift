import Datasets
import ForeignBytes
import Foundation

// What libFuzzer calls. Compiled by `launch/fuzz` alone, with -sanitize=fuzzer.
#if COVERAGE_GUIDED
  import ForeignBytes
  import Foundation

  @_silgen_name("LLVMFuzzerMutate")
  private func defaultMutation(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

  /// The reader that the environment names.
  nonisolated(unsafe) private var reader = Reader.all[0]

  /// Without `FUZZ_READER` in the environment the program is the one that it is without libFuzzer.
  @_cdecl("LLVMFuzzerInitialize")
  func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
  ) -> Int32 {
    guard let name = ProcessInfo.processInfo.environment["FUZZ_READER"] else {
      Fuzz.main()
      exit(0)
    }
    guard let named = Reader.named(name) else { leave("no reader \(name)") }
    reader = named
    return 0
  }

  @_cdecl("LLVMFuzzerTestOneInput")
  func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    reader.accepts(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
  }

  /// Every fourth mutation is one of ours, which know the formats' words and nesting.
  @_cdecl("LLVMFuzzerCustomMutator")
  func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32) -> Int {
    guard seed & 3 == 0 else { return defaultMutation(data, size, maximum) }
    var generator = SplitMix64(seed: UInt64(seed))
    var input = Array(UnsafeBufferPointer(start: data, count: size))
    reader.mutate(&input, &generator)
    let count = min(input.count, maximum)
    for index in 0..<count { data[index] = input[index] }
    return count
  }
#endif
