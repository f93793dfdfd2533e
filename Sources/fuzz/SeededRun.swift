import ForeignBytes
import Foundation

/// Gives a reader inputs that a seed decides, under limits on memory and time, and says which one ended the process.
struct SeededRun {
  private let reader: Reader
  private let seed: UInt64

  init(_ reader: Reader, seed: UInt64) {
    self.reader = reader
    self.seed = seed
  }

  func run(_ count: Int) {
    // Inputs have at most 64 KiB: what takes more memory took it on the word of the input.
    limitMemory(to: 256 << 20)
    endings = "\(reader.name), input "
    reportEndings()
    var accepted = 0
    for number in 0..<count {
      current = number
      // More than a thousand times what any input takes.
      if number % 64 == 0 { alarm(60) }
      if reader.accepts(reader.input(number, seed: seed)) { accepted += 1 }
    }
    alarm(0)
    print("\(reader.name): \(count) inputs, \(accepted) accepted")
    // Both outcomes must occur, or the mutations test nothing.
    guard count < 1000 || accepted > count / 200 && accepted < count else {
      leave("\(reader.name) tells nothing apart")
    }
  }
}

// What the signal handler reads: nothing else may be touched there.
nonisolated(unsafe) private var current = 0
nonisolated(unsafe) private var endings = ""

/// Has every signal that a defect ends in print the number of the input.
private func reportEndings() {
  // Where the stack has run out the handler needs one of its own.
  let size = 1 << 16
  var stack = stack_t(
    ss_sp: UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16), ss_flags: 0, ss_size: size)
  sigaltstack(&stack, nil)
  for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
    var action = sigaction()
    action.sa_flags = SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND))
    action.__sigaction_handler.sa_handler = { signal in
      var digits: (Int, [UInt8]) = (current, [])
      repeat {
        digits.1.insert(UInt8(0x30 + digits.0 % 10), at: 0)
        digits.0 /= 10
      } while digits.0 > 0
      let text = Array(endings.utf8) + digits.1 + Array((signal == SIGALRM ? ": hangs\n" : ": ends the process\n").utf8)
      _ = text.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      _exit(signal == SIGALRM ? 3 : 2)
    }
    sigaction(signal, &action, nil)
  }
}

/// Lets this process take `bytes` more of memory of its own than it has; mapped files do not count.
func limitMemory(to bytes: Int) {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmData:") }
  guard let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
    return
  }
  var limit = rlimit()
  limit.rlim_cur = UInt(kibibytes << 10 + bytes)
  limit.rlim_max = limit.rlim_cur
  setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
}
