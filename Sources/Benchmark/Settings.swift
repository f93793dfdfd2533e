import Workbench

import LinearAlgebra

/// How much is measured.
struct Settings {
  /// The model of most rows.
  var base = ModelShape.bertBase
  var miniLM = ModelShape.miniLM
  var bertTiny = ModelShape.bertTiny
  /// The base models of other families whose layers are BERT's.
  var otherBases = ModelShape.otherBases
  /// And of those that have layers of their own.
  var ownLayers = [
    ModelShape.albertBase, ModelShape.mpnetBase, ModelShape.debertaBase, ModelShape.modernbertBase,
  ]
  /// Layers that see their neighbourhood only, and lengths of one example each.
  var local = ModelShape.modernbertLocal
  var localLengths = (short: 512, long: 4096)
  /// Examples of one turn with the base model: these, or as many more as fill blocks better.
  var examples = 48
  /// How often things that are compared take turns.
  var turns = 4
  /// And whole programs and the peer.
  var programTurns = 3
  /// The fewer and the more examples of whole programs whose difference is the time; of the latter these, or as many
  /// more as divide better into two.
  var fewExamples = 32
  var manyExamples = 240
  /// Examples of the base model that the peer's per-example loop gets.
  var loopExamples = 16
  /// Products of the peak: rows, and outputs with 768 inputs.
  var peakRows = 1024

  static let usual = Settings()

  static var quick: Settings {
    var settings = Settings()
    settings.examples = 16
    settings.turns = 3
    settings.programTurns = 1
    (settings.fewExamples, settings.manyExamples, settings.loopExamples) = (32, 90, 4)
    return settings
  }

  /// For the tests, in debug builds too.
  static var tiny: Settings {
    var settings = Settings()
    (settings.base, settings.miniLM, settings.bertTiny) = (.minute, .minute, .minute)
    var other = ModelShape.minute
    other.family = "roberta"
    settings.otherBases = [other]
    settings.ownLayers = ModelShape.minuteOthers
    settings.local = ModelShape.minuteOthers[3]
    settings.localLengths = (32, 512)
    (settings.examples, settings.turns, settings.programTurns) = (6, 2, 1)
    (settings.fewExamples, settings.manyExamples, settings.loopExamples) = (6, 24, 2)
    settings.peakRows = 64
    return settings
  }

  /// Ids below are in every model's vocabulary.
  var commonVocabulary: Int { ([base] + otherBases + ownLayers).map(\.vocabulary).min() ?? base.vocabulary }

  func requireOneThread() throws {
    guard Processor.blasThreads == 1 else { throw BenchmarkError.threads(Processor.blasThreads) }
  }
}
