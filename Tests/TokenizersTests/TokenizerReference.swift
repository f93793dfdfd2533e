import Checkpoints
import Foundation
import SystemPackage

/// The golden files that `Tests/Reference/tokenizer/make_reference.py` writes.
enum TokenizerReference {
  static let folder = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .appending("Reference").appending("tokenizer")

  static func variant(_ name: String) -> FilePath { folder.appending("variants").appending(name) }

  static let variants = [
    "uncased", "cased", "uncased-keep-accents", "cased-strip-accents", "raw", "raw-strip-accents", "added",
    "short-words", "vocab", "vocab-cased", "vocab-accents",
  ]

  struct Case {
    let tokenizer: String
    let text: String
    let pair: String?
    let maximumLength: Int
    let ids: [Int32]
    let typeIDs: [Int32]
  }

  struct Malformed: Error {}

  static func cases() throws -> [Case] {
    try lines(of: folder.appending("reference.jsonl")).map { line in
      guard let tokenizer = line["tokenizer"]?.string, let text = line["text"]?.string,
        let maximumLength = line["max_length"]?.integer, let ids = line["ids"]?.integers,
        let typeIDs = line["type_ids"]?.integers
      else { throw Malformed() }
      return Case(
        tokenizer: tokenizer, text: text, pair: line["pair"]?.string, maximumLength: maximumLength,
        ids: ids.map(Int32.init), typeIDs: typeIDs.map(Int32.init))
    }
  }

  static func scalars() throws -> JSON {
    try JSON(parsing: Array(Data(contentsOf: URL(fileURLWithPath: folder.appending("scalars.json").string))))
  }

  private static func lines(of path: FilePath) throws -> [JSON] {
    try Data(contentsOf: URL(fileURLWithPath: path.string)).split(separator: UInt8(ascii: "\n"))
      .map { try JSON(parsing: Array($0)) }
  }
}

extension JSON {
  var integers: [Int]? { array?.compactMap(\.integer) }
}
