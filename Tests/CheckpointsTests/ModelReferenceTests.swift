import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("Finding models")
struct ModelReferenceTests {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  /// A cache as the hub's tool lays it out: blobs, a snapshot of links, and a reference.
  private func makeCache(_ cache: String, _ folder: String = "models--org--name", revision: String = "0a1b2c") throws {
    let repository = "\(cache)/\(folder)"
    try scratch.write("\(repository)/blobs/beef", "{\"model_type\":\"bert\"}")
    try scratch.link("\(repository)/snapshots/\(revision)/config.json", to: "../../blobs/beef")
    try scratch.write("\(repository)/refs/main", revision)
  }

  private func resolve(_ name: String, _ environment: [String: String] = [:]) throws -> ModelReference {
    try ModelReference.resolve(name, relativeTo: scratch.path, environment: environment)
  }

  @Test("A directory relative to the recipe comes first, also before a cached model of that name")
  func localFirst() throws {
    try scratch.write("org/name/config.json", "{}")
    try makeCache("cache")
    let found = try resolve("org/name", ["HF_HUB_CACHE": scratch.path.appending("cache").string])
    #expect(found.origin == .directory && found.directory == scratch.path.appending("org").appending("name"))
    #expect(try resolve(found.directory.string).directory == found.directory)
  }

  @Test("The cache is HF_HUB_CACHE, else HF_HOME/hub, else below HOME; empty variables count as unset")
  func cachePlaces() throws {
    func at(_ path: String) -> String { scratch.path.string + "/" + path }
    for (revision, cache) in [("aaa", "one"), ("bbb", "two/hub"), ("ccc", "three/.cache/huggingface/hub")] {
      try makeCache(cache, revision: revision)
    }
    var environment = ["HF_HUB_CACHE": at("one"), "HF_HOME": at("two"), "HOME": at("three")]
    for (revision, variable) in [("aaa", "HF_HUB_CACHE"), ("bbb", "HF_HOME"), ("ccc", "HOME")] {
      let found = try resolve("org/name", environment)
      #expect(found.origin == .hubCache(revision: revision) && found.name == "org/name")
      // The configuration is read through the link of the snapshot.
      #expect(try ModelConfiguration(directory: found.directory).string("model_type") == "bert")
      environment[variable] = ""
    }
    environment = ["HF_HOME": "~/two", "HOME": scratch.path.string]
    #expect(try resolve("org/name", environment).origin == .hubCache(revision: "bbb"))
  }

  @Test("A model without an organisation has a folder of its name; a line end after the revision does no harm")
  func plainName() throws {
    try makeCache("cache", "models--bert-base", revision: "0a1b2c")
    try scratch.write("cache/models--bert-base/refs/main", "0a1b2c\n")
    #expect(
      try resolve("bert-base", ["HF_HUB_CACHE": scratch.path.string + "/cache"]).origin == .hubCache(revision: "0a1b2c")
    )
  }

  @Test("What is not found is reported with every place that was looked at")
  func notFound() throws {
    let cache = scratch.path.appending("cache")
    let environment = ["HF_HUB_CACHE": cache.string]
    let local = scratch.path.appending("org").appending("name")
    let repository = cache.appending("models--org--name")
    let main = repository.appending("refs").appending("main")
    let expected = ModelReferenceError.notFound("org/name", places: [local, main])
    #expect(throws: expected) { try resolve("org/name", environment) }
    #expect(expected.problem.contains(local.string) && expected.problem.contains(main.string))
    // A reference to a snapshot that was removed.
    try scratch.write("cache/models--org--name/refs/main", "0a1b2c")
    let snapshot = repository.appending("snapshots").appending("0a1b2c")
    #expect(throws: ModelReferenceError.notFound("org/name", places: [local, main, snapshot])) {
      try resolve("org/name", environment)
    }
    #expect(throws: ModelReferenceError.notFound("org/name", places: [local])) { try resolve("org/name") }
  }

  @Test(
    "No name and no reference leads out of the cache",
    arguments: ["../org", "org/..", "a/b/c", "org/na me", "org/", "/name"])
  func escapes(_ name: String) throws {
    let error = #expect(throws: ModelReferenceError.self) {
      try resolve(name, ["HF_HUB_CACHE": scratch.path.appending("cache").string])
    }
    guard case .notFound(_, let places)? = error else {
      // The parent of a scratch directory exists; its sibling `org` does not.
      throw try #require(error)
    }
    #expect(places.count == 1)
  }

  @Test("A reference that is no commit is not followed")
  func badReference() throws {
    try makeCache("cache")
    try scratch.write("cache/models--org--name/refs/main", "../../../x")
    #expect(throws: ModelReferenceError.self) {
      try resolve("org/name", ["HF_HUB_CACHE": scratch.path.string + "/cache"])
    }
    #expect(throws: ModelReferenceError.invalid("")) { try resolve("") }
  }
}
