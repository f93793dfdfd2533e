import Checkpoints

extension ClassVocabulary {
  /// The lines of a `vocab.txt`: one token each, its id the line's number from 0.
  static func tokens(of file: MappedFile) throws(TokenizerError) -> [Tokenizer.Token] {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    let (bytes, path) = (file.bytes, file.path.string)
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: path, what: "the file has \(bytes.count) bytes, but a vocabulary has at most \(JSON.maximumFileBytes)")
    }
    var tokens: [Tokenizer.Token] = []
    // A byte order mark is no part of the first token.
    var position = bytes.textStart
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      guard tokens.count < Tokenizer.maximumTokens else {
        throw .tooLarge(file: path, what: "the vocabulary has more than \(Tokenizer.maximumTokens) tokens")
      }
      guard let text = String(validating: file[position..<end], as: UTF8.self) else {
        throw .invalidUTF8(file: path, line: tokens.count + 1)
      }
      var token = Substring(text).unicodeScalars
      while let last = token.last, last.properties.isWhitespace { token.removeLast() }
      tokens.append(Tokenizer.Token(text: String(token), id: Int32(tokens.count)))
      position = end + 1
    }
    return tokens
  }

  /// The two tokens of each line of a `merges.txt` but those that begin with `#version`.
  static func merges(of file: MappedFile) throws(TokenizerError) -> [(left: String, right: String)] {
    defer { withExtendedLifetime(file) {} }
    let (bytes, path) = (file.bytes, file.path.string)
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: path, what: "the file has \(bytes.count) bytes, but merges have at most \(JSON.maximumFileBytes)")
    }
    var merges: [(left: String, right: String)] = []
    var (position, line) = (0, 0)
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      line += 1
      var range = position..<end
      position = end + 1
      if let last = range.last, bytes[last] == 0x0D { range = range.lowerBound..<last }
      guard let text = String(validating: file[range], as: UTF8.self) else {
        throw .invalidUTF8(file: path, line: line)
      }
      if text.utf8.starts(with: "#version".utf8) { continue }
      let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String($0) }
      guard parts.count == 2, let left = parts[0], let right = parts[1] else {
        throw .wrongType(file: path, key: "line \(line)", expected: "two tokens")
      }
      guard merges.count < Tokenizer.maximumTokens else {
        throw .tooLarge(file: path, what: "there are more than \(Tokenizer.maximumTokens) merges")
      }
      merges.append((left, right))
    }
    return merges
  }
}
