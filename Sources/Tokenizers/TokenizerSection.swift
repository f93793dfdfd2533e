import Checkpoints
import SystemPackage

/// One object of a tokenizer file, with the names that its errors need.
struct TokenizerSection {
  let file: String
  /// The path of this object in the file; empty for the whole file.
  let key: String
  let json: JSON

  /// Reads the JSON file at `path`.
  init(file path: FilePath) throws(TokenizerError) {
    let mapped: MappedFile
    do throws(FileAccessError) { mapped = try MappedFile(path: path) } catch {
      throw .unreadable(file: path.string, reason: error.reason)
    }
    try self.init(mapped)
  }

  init(_ mapped: MappedFile) throws(TokenizerError) {
    file = mapped.path.string
    key = ""
    do throws(JSONFileError) {
      json = try JSON(mapped)
    } catch {
      switch error {
      case .malformed(let path, let error): throw .invalidJSON(file: path.string, error)
      case .tooLarge(let path, _, _): throw .tooLarge(file: path.string, what: error.problem)
      case .unreadable(let error): throw .unreadable(file: error.subject, reason: error.problem)
      }
    }
    try requireObject()
  }

  init(file: String, key: String, json: JSON) throws(TokenizerError) {
    self.file = file
    self.key = key
    self.json = json
    try requireObject()
  }

  private func requireObject() throws(TokenizerError) {
    guard json.members == nil else { return }
    throw .wrongType(file: file, key: key.isEmpty ? "the file" : key, expected: "an object")
  }

  func path(_ member: String) -> String { key.isEmpty ? member : "\(key).\(member)" }

  /// Throws at the first key that is not among `known`.
  func requireKeys(_ known: [String]) throws(TokenizerError) {
    for member in json.members ?? [] where !known.contains(member.key) {
      throw .unknownKey(file: file, key: path(member.key))
    }
  }

  /// The value of `member`, nil where it is absent or null.
  func optional(_ member: String) -> JSON? { json[member].flatMap { $0.isNull ? nil : $0 } }

  func required(_ member: String) throws(TokenizerError) -> JSON {
    guard let value = json[member] else { throw .missingKey(file: file, key: path(member)) }
    return value
  }

  func bool(_ member: String) throws(TokenizerError) -> Bool {
    guard let value = try required(member).bool else { throw wrongType(member, "true or false") }
    return value
  }

  func optionalBool(_ member: String) throws(TokenizerError) -> Bool? {
    guard let value = optional(member) else { return nil }
    guard let bool = value.bool else { throw wrongType(member, "true or false") }
    return bool
  }

  func string(_ member: String) throws(TokenizerError) -> String {
    guard let value = try required(member).string else { throw wrongType(member, "a string") }
    return value
  }

  /// The text of `member`, nil where it is absent or null.
  func optionalString(_ member: String) throws(TokenizerError) -> String? {
    optional(member) == nil ? nil : try string(member)
  }

  func natural(_ member: String) throws(TokenizerError) -> Int {
    guard let value = try required(member).integer, value >= 0 else { throw wrongType(member, "a natural number") }
    return value
  }

  /// A token id or segment: it must fit 32 bits.
  func id(_ member: String) throws(TokenizerError) -> Int32 {
    guard let id = Int32(exactly: try natural(member)) else { throw wrongType(member, "an id below 2^31") }
    return id
  }

  func array(_ member: String) throws(TokenizerError) -> [JSON] {
    guard let value = try required(member).array else { throw wrongType(member, "a list") }
    return value
  }

  func section(_ member: String) throws(TokenizerError) -> TokenizerSection {
    try TokenizerSection(file: file, key: path(member), json: try required(member))
  }

  /// Element `index` of the list `member`, which must be an object.
  func section(_ member: String, _ index: Int, _ json: JSON) throws(TokenizerError) -> TokenizerSection {
    try TokenizerSection(file: file, key: "\(path(member))[\(index)]", json: json)
  }

  /// Throws unless `member` is one of `supported`; returns it.
  @discardableResult
  func string(_ member: String, oneOf supported: [String]) throws(TokenizerError) -> String {
    let value = try string(member)
    guard supported.contains(value) else {
      throw unsupported(member, "\"\(value)\"", supported.joined(separator: ", "))
    }
    return value
  }

  func wrongType(_ member: String, _ expected: String) -> TokenizerError {
    .wrongType(file: file, key: path(member), expected: expected)
  }

  func unsupported(_ member: String, _ value: String, _ supported: String) -> TokenizerError {
    .unsupported(file: file, key: path(member), value: value, supported: supported)
  }
}
