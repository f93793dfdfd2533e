import SystemPackage

/// Refuses outputs that are inputs, or each other: writing them would destroy what the run reads or has written.
package enum OutputConflicts {
  /// Throws for the first output that leads to the file of an input, through links too. **Not collective.**
  ///
  /// - Parameter inputs: files, and directories whose files are inputs.
  package static func check(_ outputs: [FilePath], inputs: [FilePath]) throws(OutputError) {
    var known: [FileIdentity: FilePath] = [:]
    for input in inputs {
      let files =
        FileSystem.kind(input) == .directory
        ? ((try? FileSystem.names(in: input)) ?? []).map { input.appending($0) } : [input]
      for file in files { if let identity = FileIdentity(file) { known[identity] = file } }
    }
    var paths: Set<FilePath> = []
    var written: Set<FileIdentity> = []
    for output in outputs {
      let identity = FileIdentity(output)
      if let input = identity.flatMap({ known[$0] }) { throw .isInput(output, input: input) }
      guard paths.insert(output.lexicallyNormalized()).inserted, identity.map({ written.insert($0).inserted }) ?? true
      else { throw .sameOutput(output) }
    }
  }
}
