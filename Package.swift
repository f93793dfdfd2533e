// swift-tools-version: 6.2
import PackageDescription

// Continuous integration builds with warnings as errors; a user's newer compiler may warn about more.
let settings: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

// The documentation of the code (docs/architecture.md) needs a plugin, which an ordinary build does not fetch.
let documentation: [Package.Dependency] =
  Context.environment["DOCUMENTATION"] == nil
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// C code is compiled with optimisation in debug builds too: without it the kernels are 50 to 110 times slower.
func native(_ name: String) -> Target { .target(name: name, cSettings: [.unsafeFlags(["-O2"])]) }

func program(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], linker: [LinkerSetting] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings, linkerSettings: linker)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

// The C floor: nothing above LinearAlgebra, Checkpoints and MessagePassing imports these.
let floor: [Target] = [
  .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  native("CDigests"),
  native("CKernels"),
  native("CShared"),
]

// From the bottom up: a module imports only what stands above it in this list.
let modules: [Target] = [
  module("Diagnostics"),
  module("Parameters"),
  module("Metrics"),
  module("Reporting"),
  module("Scheduling"),
  module("LinearAlgebra", ["CKernels", "COpenBLAS", "CShared", "Diagnostics"]),
  module("Checkpoints", ["CDigests", "Diagnostics", "LinearAlgebra", system]),
  module("Tokenizers", ["Checkpoints", "Diagnostics", system]),
  module("Datasets", ["Checkpoints", "Diagnostics", "Tokenizers", system]),
  module("Encoders", ["Checkpoints", "Diagnostics", "LinearAlgebra", "Parameters", system]),
  module("Estimation", ["Datasets", "Diagnostics", "Encoders", "LinearAlgebra", "Parameters"]),
  module("Merging", ["Diagnostics", "LinearAlgebra", "Parameters"]),
  module("Terminal", ["Checkpoints", "Diagnostics", system]),
  module(
    "StatisticsFiles",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "Parameters", "Terminal",
      system,
    ]),
  module("Recipes", ["Checkpoints", "Datasets", "Diagnostics", "Estimation", "Merging", system, yams]),
  module(
    "ModelMerging",
    ["Checkpoints", "Encoders", "Estimation", "LinearAlgebra", "Merging", "Parameters", "Reporting", "StatisticsFiles"]),
  module(
    "Planning",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "Merging", "ModelMerging",
      "Parameters", "Recipes", "StatisticsFiles", "Terminal", "Tokenizers", system,
    ]),

  // MPI may be imported from here upward.
  module("MessagePassing", ["CMPI", "CShared", "Diagnostics"]),
  module(
    "Sessions",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "LinearAlgebra", "MessagePassing", "Planning",
      "StatisticsFiles", "Terminal", system,
    ]),
  module(
    "Scoring",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "MessagePassing", "Metrics",
      "ModelMerging", "Planning", "Recipes", "Sessions", "Terminal", system,
    ]),
  module(
    "TeamEstimation",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "MessagePassing", "Metrics",
      "Planning", "Recipes", "Scheduling", "Sessions", "StatisticsFiles", "Terminal", system,
    ]),
  module(
    "Runs",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "LinearAlgebra", "Merging", "MessagePassing",
      "Metrics", "ModelMerging", "Parameters", "Planning", "Recipes", "Reporting", "Scoring", "Sessions",
      "StatisticsFiles", "TeamEstimation", "Terminal", system,
    ]),
  program(
    "fishermerge",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "Estimation", "Metrics", "ModelMerging", "Planning",
      "Recipes", "Runs",
      "Scoring", "Sessions", "StatisticsFiles", "TeamEstimation", "Terminal", argumentParser, system,
    ]),
]

// What measures and simulates the program; no part of it.
let tools: [Target] = [
  // Models and examples with random contents, and what a statistic of them costs at least.
  module("Workbench", ["Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Parameters", system]),
  // launch/benchmark: measures this machine against the goals of docs/performance.md.
  program(
    "Benchmark",
    [
      "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "ModelMerging", "Planning", "Workbench",
      argumentParser, system,
    ], exclude: ["gradient_descent.py", "peer.py"]),
  // What a cluster would make of the schedule, and the tables and figures of docs/scaling with it.
  module("ScalingModel", ["Datasets", "Scheduling"]),
  program("ScalingStudy", ["ScalingModel", "Scheduling"]),
  // Counts what blocks cost beside the products, in a process that counts its allocations, and under valgrind.
  native("Allocations"),
  program(
    "BudgetChecks", ["Allocations", "Datasets", "Encoders", "Estimation", "Workbench"],
    // Debian's valgrind 3.19 gives up on the debug information of Swift's compiler.
    linker: [.unsafeFlags(["-Xlinker", "--strip-debug"], .when(platforms: [.linux]))]),
  // Named checks of collectives, one process per rank: a test runner would not run them in one order on all ranks.
  program("MessagePassingChecks", ["Diagnostics", "LinearAlgebra", "MessagePassing"]),
  // Every reader of foreign bytes as a function of bytes, and the mutations that it is tried with.
  module(
    "ForeignBytes",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "LinearAlgebra", "ModelMerging", "Recipes",
      "StatisticsFiles", "TeamEstimation", "Tokenizers", system,
    ]),
  // One process for each reader, since what a defect ends is the process.
  program(
    "fuzz",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "ForeignBytes", "ModelMerging", "Recipes",
      "StatisticsFiles", "Tokenizers", system,
    ]),
]

let testTargets: [Target] = [
  // The committed reference, for the tests of several modules.
  .target(
    name: "TestSupport",
    dependencies: [
      "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Merging", "ModelMerging", "Parameters",
      "Planning", "Recipes", "Tokenizers", system,
    ], path: "Tests/TestSupport", swiftSettings: settings),
  tests("LinearAlgebraTests", ["Diagnostics", "LinearAlgebra", "TestSupport"]),
  tests("CheckpointsTests", ["Checkpoints", "LinearAlgebra", system]),
  tests("TokenizersTests", ["Checkpoints", "TestSupport", "Tokenizers", system]),
  tests("DatasetsTests", ["Checkpoints", "Datasets", "Tokenizers", system]),
  tests("EncodersTests", ["Checkpoints", "Encoders", "LinearAlgebra", "Parameters", "TestSupport", system]),
  tests(
    "EstimationTests",
    ["Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Parameters", "TestSupport", system]),
  tests("MergingTests", ["Diagnostics", "LinearAlgebra", "Merging", "Parameters"]),
  tests("MetricsTests", ["Checkpoints", "Metrics", "TestSupport", system]),
  tests("ReportingTests", ["Reporting"]),
  tests("SchedulingTests", ["Datasets", "Scheduling"]),
  tests("ScalingModelTests", ["ScalingModel", "Scheduling"]),
  tests("RecipesTests", ["Checkpoints", "Datasets", "Estimation", "Merging", "ModelMerging", "Recipes", system]),
  tests(
    "ModelMergingTests",
    [
      "Checkpoints", "Encoders", "Estimation", "LinearAlgebra", "Merging", "ModelMerging", "Parameters",
      "StatisticsFiles", "TestSupport", system,
    ]),
  tests("DiagnosticsTests", ["Diagnostics"]),
  tests(
    "StatisticsFilesTests",
    [
      "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Parameters", "Planning", "Recipes", "Runs",
      "StatisticsFiles", "Terminal", "TestSupport", system,
    ]),
  tests(
    "PlanningTests",
    [
      "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Merging", "ModelMerging", "Planning",
      "Recipes", "StatisticsFiles", "TestSupport", "Tokenizers", system,
    ]),
  tests(
    "SessionsTests",
    [
      "Checkpoints", "Datasets", "Encoders", "ModelMerging", "Planning", "Recipes", "Sessions", "TestSupport",
      "Tokenizers", system,
    ]),
  tests(
    "ScoringTests",
    [
      "Checkpoints", "Datasets", "Diagnostics", "Encoders", "MessagePassing", "Metrics", "Scoring", "TestSupport",
      "Tokenizers", system,
    ]),
  tests(
    "TeamEstimationTests",
    [
      "Checkpoints", "Encoders", "Estimation", "LinearAlgebra", "Merging", "MessagePassing", "Parameters",
      "Planning", "Scheduling", "TeamEstimation", "TestSupport", system,
    ]),
  tests(
    "RunsTests",
    [
      "Checkpoints", "Datasets", "Encoders", "Estimation", "LinearAlgebra", "Merging", "MessagePassing", "ModelMerging",
      "Parameters", "Planning", "Recipes", "Runs", "StatisticsFiles", "Terminal", "TestSupport", "Tokenizers", system,
    ]),
  tests(
    "BenchmarkTests",
    [
      "Benchmark", "Checkpoints", "Datasets", "Encoders", "TestSupport", "Tokenizers", "Workbench", "fishermerge",
      system,
    ]),
  tests("BudgetTests", ["BudgetChecks"]),
  tests("FuzzTests", ["ForeignBytes", "fuzz"]),
  // Launches the built products under mpirun.
  tests(
    "EndToEndTests",
    [
      "Checkpoints", "Encoders", "LinearAlgebra", "MessagePassingChecks", "Parameters", "TestSupport", "fishermerge",
      system,
    ]),
]

let package = Package(
  name: "fishermerge",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "fishermerge", targets: ["fishermerge"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ] + documentation,
  targets: floor + modules + tools + testTargets,
  swiftLanguageModes: [.v6]
)
