// Counts what blocks cost beside the matrix products, so that a test can hold it against the budget
// (Tests/BudgetTests/Budget.swift):
//
//   BudgetChecks allocations STATISTIC     calls for memory of one block, as JSON
//   BudgetChecks run STATISTIC BLOCKS      evaluates as many blocks, to be run under valgrind; prints their tokens
//   BudgetChecks configuration             debug or release, which cost differently

import Allocations
import Foundation

func leave(_ text: String) -> Never {
  FileHandle.standardError.write(Data("BudgetChecks: \(text)\n".utf8))
  exit(64)
}

let arguments = CommandLine.arguments.dropFirst()
if arguments == ["configuration"] {
  #if DEBUG
    print("debug")
  #else
    print("release")
  #endif
  exit(0)
}
guard arguments.count >= 2, let name = arguments.dropFirst().first, let subject = try Subject(name) else {
  leave("allocations|run STATISTIC [BLOCKS], of \(Subject.names.joined(separator: ", "))")
}
switch arguments.first {
case "allocations":
  guard allocations_are_counted() != 0 else { leave("nothing is counted with this C library") }
  let (heap, maps) = try subject.allocations()
  print(#"{"heap": \#(heap), "maps": \#(maps)}"#)
case "run":
  let blocks = arguments.last.flatMap { Int($0) } ?? 1
  try subject.run(blocks: blocks)
  print(#"{"tokens": \#(blocks * subject.tokens)}"#)
default: leave("there is no \(arguments.first ?? "")")
}
