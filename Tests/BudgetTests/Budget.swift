/// What one block of ``Subject`` (Sources/BudgetChecks) may cost beside its matrix products: counts, which are the same
/// on every run and every machine, unlike times.
///
/// The numbers are what was measured when they were last set, and 2 or 3 percent more, so that what creeps in is
/// noticed: one more array for each example and layer, one more pass over the activations. Whoever lowers the cost
/// lowers the budget with it; whoever must raise it says here why.
struct Budget: Sendable, CustomStringConvertible {
  let statistic: String
  /// Calls for heap memory of one block, after the first two of its shape.
  let heap: Int
  /// New maps of one block: arenas have found their size by then.
  let maps: Int
  /// Instructions for each token outside OpenBLAS, with the kernels for AVX2.
  let instructions: Int

  var description: String { statistic }

  /// As the release is built.
  ///
  /// Heap: arrays of examples' lengths and traces, one for each place that a statistic looks at, and what the encoder
  /// lists by layer and example. Instructions: kernels, among them the products of single examples
  /// (docs/decisions/0012), adding in double and in fixed point, and Swift between them. Measured: 226, 1623 and 44
  /// allocations; on an Intel Xeon 18299, 70455 and 70264 instructions. Before attention knew spans and positions it was
  /// 18079, 68591 and 68426 on an AMD processor; of the last two's 1850 more, 220 are the mask Fisher's as well, and what
  /// the others are (the processor's own copies of memory?) is not known.
  static let release = [
    Budget(statistic: "mask-fisher", heap: 230, maps: 0, instructions: 18650),
    Budget(statistic: "fisher", heap: 1655, maps: 0, instructions: 71900),
    Budget(statistic: "gram", heap: 46, maps: 0, instructions: 71700),
  ]

  /// As tests are built: without the compiler's optimisations closures and generic values take memory and calls that
  /// they do not take in a release; the kernels, in C, are optimised in both. Measured: 1781, 60528 and 1349
  /// allocations (1417, 60194 and 1170 before attention and masks on tokens had functions of their own); 35265, 181874 and 93255 instructions.
  static let debug = [
    Budget(statistic: "mask-fisher", heap: 1830, maps: 0, instructions: 36300),
    Budget(statistic: "fisher", heap: 61400, maps: 0, instructions: 186_500),
    Budget(statistic: "gram", heap: 1390, maps: 0, instructions: 95600),
  ]
}
