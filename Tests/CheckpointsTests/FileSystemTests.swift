import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("The door to the file system")
struct FileSystemTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func path(_ name: String) -> FilePath { scratch.path.pushing(FilePath(name)) }

  @Test("A path leads to a file, a directory, a link or nothing; a link counts as what it leads to")
  func kinds() throws {
    try scratch.write("directory/file", "x")
    try scratch.link("link", to: "directory")
    try scratch.link("dangling", to: "nowhere")
    #expect(FileSystem.kind(path("directory/file")) == .file && FileSystem.kind(path("directory")) == .directory)
    #expect(FileSystem.kind(path("link")) == .directory)
    #expect(FileSystem.kind(path("link"), followingLinks: false) == .link)
    #expect(FileSystem.kind(path("dangling")) == nil && FileSystem.kind(path("nowhere")) == nil)
    #expect(FileSystem.kind("/dev/null") == .other)
    #expect(["directory", "directory/file", "link"].allSatisfy { FileSystem.exists(path($0)) })
    #expect(["dangling", "nowhere", "directory/file/x"].allSatisfy { !FileSystem.exists(path($0)) })
  }

  @Test("The names in a directory are sorted by their bytes, hidden ones too")
  func names() throws {
    for name in ["b", "a", "B", ".hidden", "ä"] { try scratch.write(name, "") }
    #expect(try FileSystem.names(in: scratch.path) == [".hidden", "B", "a", "b", "ä"])
    #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystem.names(in: path("nowhere")) }
  }

  @Test("A directory is made in one that exists, and once")
  func makeDirectory() throws {
    try FileSystem.makeDirectory(path("new"))
    #expect(FileSystem.kind(path("new")) == .directory)
    #expect(throws: Errno.fileExists) { try FileSystem.makeDirectory(path("new")) }
    #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystem.makeDirectory(path("nowhere/new")) }
  }

  @Test("A file, a link and a whole directory are removed, and nothing that a link leads to")
  func remove() throws {
    try scratch.write("file", "x")
    try scratch.write("kept/file", "x")
    try scratch.write("tree/a/b/file", "x")
    try scratch.write("tree/.hidden", "x")
    for name in ["link", "tree/a/link"] { try scratch.link(name, to: path("kept").string) }
    try scratch.link("dangling", to: "nowhere")
    for name in ["file", "tree", "link", "dangling"] { try FileSystem.remove(path(name)) }
    #expect(try scratch.names() == ["kept"] && scratch.names("kept") == ["file"])
    #expect(throws: OutputError.cannotRemove(path("file"), .noSuchFileOrDirectory)) {
      try FileSystem.remove(path("file"))
    }
  }

  @Test("What cannot be removed is named, and the rest goes", .enabled(if: geteuid() != 0, "root may write everywhere"))
  func removeInPart() throws {
    for name in ["tree/a/file", "tree/closed/file", "tree/z/file"] { try scratch.write(name, "x") }
    func allow(_ permissions: Int) throws {
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path("tree/closed").string)
    }
    try allow(0o555)
    defer { try? allow(0o755) }
    #expect(throws: OutputError.cannotRemove(path("tree/closed/file"), .permissionDenied)) {
      try FileSystem.remove(path("tree"))
    }
    #expect(try scratch.names("tree") == ["closed"])
  }

  @Test("An appended file keeps what it holds, and has each text at once")
  func appending() throws {
    let log = path("run.log")
    let first = try AppendedFile(path: log)
    try first.write("1\n")
    #expect(try contents(log) == Array("1\n".utf8))
    let second = try AppendedFile(path: log)
    try second.write("zwei ä\n")
    try first.write("3\n")
    #expect(try contents(log) == Array("1\nzwei ä\n3\n".utf8))
  }

  @Test("An appended file that cannot be made, or cannot grow, says so")
  func appendingFails() throws {
    #expect(throws: OutputError.cannotCreate(path("nowhere/log"), .noSuchFileOrDirectory)) {
      try AppendedFile(path: path("nowhere/log"))
    }
    guard FileSystem.exists("/dev/full") else { return }
    let full = try AppendedFile(path: "/dev/full")
    #expect(throws: OutputError.cannotWrite("/dev/full", .noSpace)) { try full.write("x") }
  }
}
