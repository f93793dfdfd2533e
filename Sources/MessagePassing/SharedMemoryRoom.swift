import CMPI

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file system whose pages the ranks of a node share.
///
/// Open MPI keeps a shared window in a file that all ranks map. The file's length is only a promise: where the file
/// system (64 MB in many containers) cannot keep it, the first write to a page too many ends the process with SIGBUS.
/// So the room is looked at before.
struct SharedMemoryRoom: Equatable {
  /// Where the files are.
  let directory: String
  /// What a user may still write there, in bytes.
  let free: Int

  /// The room of the directory that Open MPI uses; nil where it cannot be found out. **Not collective.**
  static var current: SharedMemoryRoom? {
    guard let directory = Self.setting("osc_sm_backing_directory") ?? Self.customary else { return nil }
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    return SharedMemoryRoom(directory: directory, free: Int(status.f_bavail) * Int(status.f_frsize))
  }

  /// The bytes that have to be free for a window of `bytes`: Open MPI insists on a twentieth more than it maps, and
  /// adds some pages of its own.
  static func demand(ofWindow bytes: Int) -> Int { bytes + bytes / 20 + (1 << 20) }

  /// What Open MPI takes where it was not told otherwise.
  private static let customary: String? = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil

  /// The value of one of Open MPI's settings that is a text: from the command line of mpirun, the environment or a
  /// file, wherever it was made. Nil where the library has no such setting, as with other libraries than Open MPI.
  private static func setting(_ name: String) -> String? {
    var provided: Int32 = 0
    guard cmpi_tools_start(&provided) == cmpi_success() else { return nil }
    defer { _ = cmpi_tools_end() }
    var index: Int32 = 0
    var handle: MPI_T_cvar_handle?
    var count: Int32 = 0
    guard cmpi_setting_index(name, &index) == cmpi_success(),
      cmpi_setting_open(index, &handle, &count) == cmpi_success()
    else { return nil }
    defer { _ = cmpi_setting_close(&handle) }
    // The count of a text is the longest that it may become, at least the present one.
    var text = [CChar](repeating: 0, count: max(Int(count), 4096) + 1)
    guard cmpi_setting_read(handle, &text) == cmpi_success() else { return nil }
    let value = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return value.isEmpty ? nil : value
  }
}
