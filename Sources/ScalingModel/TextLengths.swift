/// How long a data set's examples are, in tokens with special tokens.
package struct TextLengths: Sendable {
  package let name: String
  /// How many examples have the length that is the index.
  package let counts: [Int]

  package init(name: String, counts: [Int]) { (self.name, self.counts) = (name, counts) }

  /// The length of one example.
  package func draw(_ random: inout RandomNumbers) -> Int {
    var place = Int(random.uniform() * Double(counts.reduce(0, +)))
    for (length, count) in counts.enumerated() {
      place -= count
      if place < 0 { return length }
    }
    return counts.count - 1
  }

  package var mean: Double {
    Double(counts.enumerated().reduce(0) { $0 + $1.offset * $1.element }) / Double(counts.reduce(0, +))
  }

  /// The first 4000 training rows of four public data sets in the vocabulary of BERT, uncased: single sentences and one
  /// of pairs.
  package static let measured = [sst2, trec, subj, sick]

  /// No data set: passages that fill most of what BERT can read, evenly between 64 and 512 tokens.
  package static let passages = TextLengths(name: "passages", counts: (0...512).map { $0 < 64 ? 0 : 1 })

  package static let sst2 = TextLengths(
    name: "SST2",
    counts: [
      0, 0, 0, 0, 8, 24, 39, 44, 55, 68, 90, 103, 107, 113, 118, 111, 132, 111, 137, 146, 143, 108, 136, 135, 113,
      132, 122, 122, 122, 106, 105, 99, 95, 108, 104, 77, 87, 73, 65, 46, 56, 58, 43, 41, 51, 33, 33, 24, 24, 18,
      13, 15, 18, 15, 9, 9, 9, 3, 3, 7, 3, 3, 0, 4, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    ])

  package static let trec = TextLengths(
    name: "TREC",
    counts: [
      0, 0, 0, 0, 0, 1, 33, 127, 212, 349, 381, 422, 404, 368, 346, 296, 219, 178, 157, 115, 89, 71, 56, 42, 38,
      23, 17, 16, 9, 5, 6, 2, 3, 3, 3, 1, 2, 2, 1, 1, 1, 1,
    ])

  package static let subj = TextLengths(
    name: "SUBJ",
    counts: [
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 27, 49, 72, 93, 93, 118, 102, 153, 134, 135, 126, 160, 154, 149, 123,
      140, 151, 145, 145, 121, 115, 102, 100, 103, 75, 90, 106, 79, 96, 84, 77, 45, 57, 54, 47, 40, 37, 25, 32, 25,
      22, 25, 19, 16, 15, 12, 14, 6, 12, 5, 1, 8, 2, 5, 7, 5, 5, 3, 3, 5, 3, 2, 2, 0, 1, 1, 3, 3, 1, 1, 1, 0, 1, 4,
      2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    ])

  package static let sick = TextLengths(
    name: "SICK",
    counts: [
      0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 26, 56, 51, 101, 207, 246, 274, 236, 240, 212, 216, 185, 231, 183, 208, 164,
      178, 140, 142, 105, 103, 82, 86, 54, 43, 44, 40, 17, 27, 15, 17, 8, 20, 8, 14, 7, 6, 1, 2, 0, 2, 0, 1,
    ])
}
