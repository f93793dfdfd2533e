import Parameters
import TestSupport
import Testing

extension Program {
  /// A model of its own for the task `three`, and data in which one short example has the word `river`: row 91, in the
  /// third block. And a recipe for them.
  ///
  /// - Parameter change: gets the model `three` and the number of the word.
  func writeRiver(_ change: (inout EditedModel, Int) -> Void) throws {
    var model = try EditedModel("three")
    change(&model, try #require(model.vocabulary.firstIndex(of: "river")))
    try model.write("rare", in: scratch)
    // Blocks of 32, 32 and 30 examples, the longest first.
    var text = SyntheticText(seed: 9)
    let rows = (0..<94).map { row in
      let count = row < 64 ? 14 : 6
      let sentence = row == 90 ? "the river" : text.sentence(words: count).replacing("river", with: "garden")
      return #"{"sentence": "\#(sentence)", "label": 1}"#
    }
    try scratch.write("three.jsonl", rows.joined(separator: "\n") + "\n")
    try recipe("fisher", models: ["three": "rare"])
  }
}

extension EditedModel {
  /// Makes the gradient of one tensor large for one word alone, and nothing else: a neuron of the first layer sees the
  /// direction of this word's embedding, multiplies it by `factor`, and nothing reads the neuron, so that outputs and
  /// all other gradients do not know. The tensor is `bert.encoder.layer.0.output.dense.weight`.
  mutating func amplify(_ word: Int, by factor: Double) {
    self["bert.embeddings.word_embeddings.weight"].replaceSubrange(
      word * 18..<word * 18 + 18, with: [1e3] + repeatElement(0, count: 17))
    let layer = "bert.encoder.layer.0"
    for norm in ["bert.embeddings", "\(layer).attention.output"] {
      self["\(norm).LayerNorm.weight"] = Array(repeating: 1, count: 18)
      self["\(norm).LayerNorm.bias"] = Array(repeating: 0, count: 18)
    }
    self["\(layer).attention.output.dense.weight"] = Array(repeating: 0, count: 18 * 18)
    self["\(layer).attention.output.dense.bias"] = Array(repeating: 0, count: 18)
    // The first component of a normalised vector is at most √17 = 4.12, and near that only where it is all there is.
    self["\(layer).intermediate.dense.weight"].replaceSubrange(0..<18, with: [factor] + repeatElement(0, count: 17))
    self["\(layer).intermediate.dense.bias"][0] = -4 * factor
    for row in 0..<18 { self["\(layer).output.dense.weight"][row * 40] = 0 }
  }
}
