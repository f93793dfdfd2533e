import Diagnostics
import SystemPackage

/// A model as a user names it, and the directory that was found for it.
package struct ModelReference: Sendable, Equatable {
  package enum Origin: Sendable, Equatable {
    case directory
    /// A snapshot of the hub's cache, by its commit.
    case hubCache(revision: String)
  }

  /// What the user wrote.
  package let name: String
  package let directory: FilePath
  package let origin: Origin

  /// Finds `name`: first as a directory relative to `base`, then as `name` or `organisation/name` in the local cache
  /// of the Hugging Face hub. Nothing is downloaded.
  ///
  /// - Parameters:
  ///   - base: the directory to which relative paths refer, such as that of the recipe.
  ///   - environment: where the cache is: `HF_HUB_CACHE`, else `HF_HOME`/hub, else `HOME`/.cache/huggingface/hub.
  package static func resolve(
    _ name: String, relativeTo base: FilePath, environment: [String: String]
  ) throws(ModelReferenceError) -> ModelReference {
    guard !name.isEmpty, !name.utf8.contains(0) else { throw .invalid(name) }
    let local = base.pushing(FilePath(name))
    if FileSystem.kind(local) == .directory {
      return ModelReference(name: name, directory: local, origin: .directory)
    }
    var places = [local]
    guard let folder = cacheFolder(of: name), let cache = hubCache(environment) else {
      throw .notFound(name, places: places)
    }
    let repository = cache.appending(folder)
    let main = repository.appending("refs").appending("main")
    places.append(main)
    guard let revision = revision(in: main) else { throw .notFound(name, places: places) }
    let snapshot = repository.appending("snapshots").appending(revision)
    places.append(snapshot)
    guard FileSystem.kind(snapshot) == .directory else { throw .notFound(name, places: places) }
    return ModelReference(name: name, directory: snapshot, origin: .hubCache(revision: revision))
  }

  /// The cache's directory, nil where not even `HOME` is set. Empty variables count as unset.
  static func hubCache(_ environment: [String: String]) -> FilePath? {
    func directory(_ variable: String) -> FilePath? {
      guard let value = environment[variable], !value.isEmpty else { return nil }
      guard value == "~" || value.hasPrefix("~/"), let home = environment["HOME"] else { return FilePath(value) }
      return FilePath(home + value.dropFirst())
    }
    if let cache = directory("HF_HUB_CACHE") { return cache }
    if let home = directory("HF_HOME") { return home.appending("hub") }
    return directory("HOME").map { $0.appending(".cache").appending("huggingface").appending("hub") }
  }

  /// The folder of a model in the cache, nil for what cannot be a hub name: the hub allows letters, digits, `-`, `_`
  /// and `.` and one slash, so no name can lead out of the cache.
  private static func cacheFolder(of name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return nil }
    for part in parts {
      guard let first = part.utf8.first, first != UInt8(ascii: "."),
        part.utf8.allSatisfy({ isAlphanumeric($0) || "-_.".utf8.contains($0) })
      else { return nil }
    }
    return "models--" + parts.joined(separator: "--")
  }

  /// The commit to which a reference of the cache points, nil where it is absent or no commit.
  private static func revision(in reference: FilePath) -> String? {
    guard let file = try? MappedFile(path: reference), file.bytes.count <= 200 else { return nil }
    let space: [UInt8] = [0x20, 0x0A, 0x0D, 0x09]
    let text = withExtendedLifetime(file) { file.bytes.filter { !space.contains($0) } }
    guard !text.isEmpty, text.allSatisfy(isAlphanumeric) else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}

/// Why a model was not found.
package enum ModelReferenceError: DiagnosedError, Equatable {
  case invalid(String)
  /// All places that were looked at, in order.
  case notFound(String, places: [FilePath])

  package var subject: String {
    switch self {
    case .invalid(let name), .notFound(let name, _): "model \(name)"
    }
  }

  package var problem: String {
    switch self {
    case .invalid: "this is no name of a model"
    case .notFound(_, let places):
      "it is neither a directory nor in the local hub cache; looked at " + places.map(\.string).joined(separator: ", ")
    }
  }

  package var remedy: String {
    switch self {
    case .invalid: "name a directory or a model of the hub such as organisation/name"
    case .notFound:
      "check the path, set HF_HUB_CACHE or HF_HOME, or fetch the model first with the hub's own tool; "
        + "this program downloads nothing"
    }
  }

  package var exitCode: FailureCode { .missingInput }
}
