import Checkpoints
import SystemPackage

/// A run's models and statistics files as they were before anything was read of them. Weights stay mapped until the
/// merge is written, so a file that changes meanwhile would give a merge of neither its old nor its new content.
package struct InputStamps {
  private var stamps: [(path: FilePath, stamp: FileStamp, identity: FileIdentity)] = []

  /// Looks at the files of all models, and of the base if there is one. **Not collective.**
  package init(_ inputs: RunInputs, base: FilePath? = nil) {
    for directory in inputs.models.map({ FilePath($0.directory) }) + [base].compactMap(\.self) {
      for name in (try? FileSystem.names(in: directory)) ?? []
      where name.hasSuffix(".safetensors") || name.hasSuffix(".bin") || InputHashes.otherNames.contains(name) {
        add(directory.appending(name))
      }
    }
    for file in inputs.models.flatMap(\.statistics) { add(FilePath(file)) }
  }

  private mutating func add(_ path: FilePath) {
    if let stamp = FileStamp(path), let identity = FileIdentity(path) { stamps.append((path, stamp, identity)) }
  }

  /// Throws for the first file that is not what it was. **Not collective.**
  package func requireUnchanged() throws(PlanError) {
    for (path, stamp, identity) in stamps where FileStamp(path) != stamp || FileIdentity(path) != identity {
      throw .changed(path)
    }
  }
}
