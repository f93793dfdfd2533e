// swift-tools-version: 6.2
import PackageDescription

// Continuous integration builds with warnings as errors; a user's newer compiler may warn about more.
let strict: [SwiftSetting] =
  Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

// The documentation of the code (docs/architecture.md) needs a plugin, which an ordinary build does not fetch.
let documentation: [Package.Dependency] =
  Context.environment["DOCUMENTATION"] == nil
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")]

let package = Package(
  name: "fishermerge",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "fishermerge", targets: ["fishermerge"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ] + documentation,
  targets: [
    // The C floor: nothing above LinearAlgebra and MessagePassing imports these.
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(
      name: "CKernels",
      // Debug builds compile C at -O0, which makes the kernels 50 to 110 times slower than they are.
      cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "CShared", cSettings: [.unsafeFlags(["-O2"])]),

    .target(name: "Diagnostics", swiftSettings: strict),
    .target(
      name: "LinearAlgebra", dependencies: ["CKernels", "COpenBLAS", "CShared"], swiftSettings: strict),
    .target(name: "MessagePassing", dependencies: ["CMPI", "CShared", "Diagnostics"], swiftSettings: strict),
    .target(
      name: "Checkpoints",
      dependencies: [
        "Diagnostics", "LinearAlgebra",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .target(
      name: "Tokenizers",
      dependencies: [
        "Checkpoints", "Diagnostics",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .target(
      name: "Datasets",
      dependencies: [
        "Checkpoints", "Diagnostics", "Tokenizers",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .target(name: "Parameters", swiftSettings: strict),
    .target(
      name: "Encoders",
      dependencies: [
        "Checkpoints", "Diagnostics", "LinearAlgebra", "Parameters",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .target(
      name: "Estimation", dependencies: ["Datasets", "Diagnostics", "Encoders", "LinearAlgebra", "Parameters"],
      swiftSettings: strict),
    .target(
      name: "Merging", dependencies: ["Diagnostics", "LinearAlgebra", "Parameters"],
      swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    .target(name: "Reporting", swiftSettings: strict),
    .target(name: "Scheduling", swiftSettings: strict),
    // What a cluster would make of the schedule; not part of the program (docs/scaling.md).
    .target(name: "ScalingModel", dependencies: ["Datasets", "Scheduling"], swiftSettings: strict),
    .target(
      name: "MergeRun",
      dependencies: [
        "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra",
        "Merging", "MessagePassing", "Metrics", "Parameters", "Reporting", "Scheduling", "Tokenizers", "Yams",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .executableTarget(
      name: "fishermerge",
      dependencies: [
        "Checkpoints", "Datasets", "Diagnostics", "Estimation", "MergeRun", "Metrics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),

    .testTarget(
      name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"], swiftSettings: strict),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: [
        "Checkpoints", "LinearAlgebra", .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "TokenizersTests",
      dependencies: [
        "Checkpoints", "TestSupport", "Tokenizers", .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "DatasetsTests",
      dependencies: [
        "Checkpoints", "Datasets", "Tokenizers", .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "EncodersTests",
      dependencies: [
        "Checkpoints", "Encoders", "LinearAlgebra", "Parameters", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "EstimationTests",
      dependencies: [
        "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Parameters", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "MergingTests", dependencies: ["Diagnostics", "LinearAlgebra", "Merging"], swiftSettings: strict),
    .testTarget(name: "SchedulingTests", dependencies: ["Datasets", "Scheduling"], swiftSettings: strict),
    .testTarget(name: "ScalingModelTests", dependencies: ["ScalingModel", "Scheduling"], swiftSettings: strict),
    // Writes the tables and figures of docs/scaling.
    .executableTarget(
      name: "ScalingStudy", dependencies: ["ScalingModel", "Scheduling"],
      path: "Tests/ScalingStudy", swiftSettings: strict),
    // Models and examples with random contents, and what a statistic of them costs at least; for measurements.
    .target(
      name: "Workbench",
      dependencies: [
        "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra",
        .product(name: "SystemPackage", package: "swift-system"),
      ], path: "Tests/Workbench", swiftSettings: strict),
    // launch/benchmark: measures this machine against the goals of docs/performance.md.
    .executableTarget(
      name: "Benchmark",
      dependencies: [
        "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "MergeRun", "Workbench",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], path: "Tests/Benchmark", exclude: ["peer.py"], swiftSettings: strict),
    .testTarget(
      name: "BenchmarkTests",
      dependencies: [
        "Benchmark", "Checkpoints", "Datasets", "Encoders", "fishermerge", "TestSupport", "Tokenizers", "Workbench",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    // Counts what blocks cost beside the products, in a process that counts its allocations, and under valgrind.
    .target(name: "Allocations", path: "Tests/Budget/Allocations", cSettings: [.unsafeFlags(["-O2"])]),
    .executableTarget(
      name: "BudgetChecks", dependencies: ["Allocations", "Datasets", "Encoders", "Estimation", "Workbench"],
      path: "Tests/Budget/Checks", swiftSettings: strict,
      // Debian's valgrind 3.19 gives up on the debug information of Swift's compiler.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--strip-debug"], .when(platforms: [.linux]))]),
    .testTarget(
      name: "BudgetTests", dependencies: ["BudgetChecks"], path: "Tests/Budget/Tests", swiftSettings: strict),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting"], swiftSettings: strict),
    .testTarget(
      name: "MetricsTests",
      dependencies: [
        "Checkpoints", "Metrics", "TestSupport", .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    .testTarget(
      name: "MergeRunTests",
      dependencies: [
        "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "MergeRun", "Merging",
        "MessagePassing", "Metrics", "Parameters", "TestSupport", "Tokenizers",
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: strict),
    // The committed reference, for the tests of several modules.
    .target(
      name: "TestSupport",
      dependencies: [
        "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra",
        .product(name: "SystemPackage", package: "swift-system"),
      ], path: "Tests/TestSupport", swiftSettings: strict),
    // Launches the built products under mpirun.
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Checkpoints", "fishermerge", "LinearAlgebra", "MessagePassingChecks", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    // Named checks of collectives, one process per rank: a test runner would not run them in one order on all ranks.
    .executableTarget(
      name: "MessagePassingChecks", dependencies: ["Diagnostics", "LinearAlgebra", "MessagePassing"],
      path: "Tests/MessagePassingChecks", swiftSettings: strict),
    // Every reader of foreign bytes as a function of bytes, and the mutations that it is tried with.
    .target(
      name: "ForeignBytes",
      dependencies: ["Checkpoints", "Datasets", "Diagnostics", "Encoders", "LinearAlgebra", "MergeRun", "Tokenizers"],
      path: "Tests/Fuzz/ForeignBytes", swiftSettings: strict),
    // One process for each reader, since what a defect ends is the process.
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Checkpoints", "Datasets", "Diagnostics", "Encoders", "ForeignBytes", "MergeRun", "Tokenizers",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/Fuzz/Driver", swiftSettings: strict),
    .testTarget(
      name: "FuzzTests", dependencies: ["fuzz", "ForeignBytes"], path: "Tests/Fuzz/Tests", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
