import Foundation
import SystemPackage
import Tokenizers

extension HostileFile {
  /// The files that hold vocabularies where there is no tokenizer.json, `vocab.txt` apart.
  static let vocabularies: [HostileFile] = [
    HostileFile("spm.model of 1 TB") { folder in
      try sparse(folder.appending("spm.model"), [], size: terabyte)
      limitMemory(to: 16 << 20)
      _ = try Tokenizer(directory: folder, class: "DebertaV2Tokenizer")
    },
    HostileFile("spm.model with 10^7 pieces") { folder in
      let pieces = Array(repeatElement([0x0A, 0x00] as [UInt8], count: 10_000_000).joined())
      try sparse(folder.appending("spm.model"), pieces, size: pieces.count)
      limitMemory(to: 128 << 20)
      _ = try Tokenizer(directory: folder, class: "DebertaV2Tokenizer")
    },
    HostileFile("spm.model whose piece claims 1 TB") { folder in
      let piece: [UInt8] = [0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x41]
      try sparse(folder.appending("spm.model"), piece, size: piece.count)
      limitMemory(to: 16 << 20)
      _ = try Tokenizer(directory: folder, class: "DebertaV2Tokenizer")
    },
    HostileFile("merges.txt of 1 TB") { folder in
      try write(folder.appending("vocab.json"), "{\"<s>\":0,\"</s>\":1}")
      try sparse(folder.appending("merges.txt"), [], size: terabyte)
      limitMemory(to: 16 << 20)
      _ = try Tokenizer(directory: folder, class: "RobertaTokenizer")
    },
  ]
}
