import SystemPackage

/// A model's `config.json`: every key in its order, read by name and type.
///
/// Which keys a model family needs is not known here.
package struct ModelConfiguration: Sendable {
  /// The file that the values come from, for messages.
  package let path: FilePath
  /// The whole object.
  package private(set) var json: JSON

  /// Reads `config.json` of a model directory.
  package init(directory: FilePath) throws(ConfigurationError) {
    try self.init(path: directory.appending("config.json"))
  }

  package init(path: FilePath) throws(ConfigurationError) {
    let json: JSON
    do throws(JSONFileError) { json = try JSON(contentsOf: path) } catch { throw .file(error) }
    try self.init(json, path: path)
  }

  /// Takes an object that was made or read elsewhere; `path` is what messages name.
  package init(_ json: JSON, path: FilePath) throws(ConfigurationError) {
    guard json.members != nil else { throw .notObject(path) }
    self.path = path
    self.json = json
  }

  /// The value of `key`, nil where it is absent or null: `transformers` writes null for what has no value.
  package subscript(key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  package func string(_ key: String) throws(ConfigurationError) -> String { try require(key, "a string", \.string) }
  package func integer(_ key: String) throws(ConfigurationError) -> Int { try require(key, "an integer", \.integer) }
  package func double(_ key: String) throws(ConfigurationError) -> Double { try require(key, "a number", \.double) }
  package func bool(_ key: String) throws(ConfigurationError) -> Bool { try require(key, "true or false", \.bool) }

  /// The value, `fallback` where the key is absent or null.
  package func string(_ key: String, default fallback: String) throws(ConfigurationError) -> String {
    self[key] == nil ? fallback : try string(key)
  }

  /// The value, `fallback` where the key is absent or null.
  package func integer(_ key: String, default fallback: Int) throws(ConfigurationError) -> Int {
    self[key] == nil ? fallback : try integer(key)
  }

  /// The value, `fallback` where the key is absent or null.
  package func double(_ key: String, default fallback: Double) throws(ConfigurationError) -> Double {
    self[key] == nil ? fallback : try double(key)
  }

  /// The value, `fallback` where the key is absent or null.
  package func bool(_ key: String, default fallback: Bool) throws(ConfigurationError) -> Bool {
    self[key] == nil ? fallback : try bool(key)
  }

  /// The class names under which the model was saved, empty where none are given.
  package func architectures() throws(ConfigurationError) -> [String] {
    guard let value = self["architectures"] else { return [] }
    guard let names = value.array?.map(\.string), !names.contains(nil) else {
      throw .wrongType(path, key: "architectures", expected: "an array of strings", found: value.kind)
    }
    return names.compactMap { $0 }
  }

  private func require<Value>(
    _ key: String, _ expected: String, _ value: (JSON) -> Value?
  ) throws(ConfigurationError) -> Value {
    guard let found = self[key] else { throw .missingKey(path, key: key) }
    guard let value = value(found) else {
      throw .wrongType(path, key: key, expected: expected, found: found.kind)
    }
    return value
  }

  /// Sets `key`, in its place where it exists, else at the end.
  package mutating func set(_ key: String, to value: JSON) { json = json.setting(key, to: value) }

  /// Removes `key` where it exists.
  package mutating func remove(_ key: String) { json = json.removing(key) }

  /// The text of a `config.json`.
  package func serialized() -> String { json.serialized() + "\n" }
}

extension JSON {
  /// What the value is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer: "an integer"
    case .number: "a number with a fraction"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
