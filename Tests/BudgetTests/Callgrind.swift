import Foundation

/// Instructions inside and outside OpenBLAS, from what valgrind's callgrind writes.
struct Callgrind {
  private(set) var total = 0
  /// Those of OpenBLAS and of what it calls, such as the C library's memset.
  private(set) var ofProducts = 0

  var outsideProducts: Int { total - ofProducts }

  /// Reads the format of callgrind's manual: a line of costs belongs to the last `ob=`, the executable or library; the
  /// line after `calls=` has the cost of calls, into the last `cob=` where that is another, which their callees have
  /// been given already.
  init(_ text: String) {
    var names: [Substring: String] = [:]
    func name(_ text: Substring) -> String {
      // "(3) /lib/libc.so.6" where a number is first used, "(3)" later on.
      guard let end = text.firstIndex(of: ")") else { return String(text) }
      let name = text[text.index(after: end)...].drop { $0 == " " }
      if !name.isEmpty { names[text[...end]] = String(name) }
      return names[text[...end]] ?? ""
    }
    var isProduct = false
    var callee: String?
    var isCall = false
    for line in text.split(separator: "\n") {
      if line.hasPrefix("ob=") {
        isProduct = name(line.dropFirst(3)).contains("openblas")
      } else if line.hasPrefix("cob=") {
        callee = name(line.dropFirst(4))
      } else if line.hasPrefix("calls=") {
        isCall = true
      } else if let first = line.first, first.isNumber || "+-*".contains(first) {
        let cost = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        if !isCall { total += cost }
        let leaves = callee.map { !$0.contains("openblas") } ?? false
        if isProduct, !isCall || leaves { ofProducts += cost }
        (isCall, callee) = (false, nil)
      }
    }
  }
}
