import Checkpoints
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Encoders

/// Which row of a table a distance belongs to, against transformers' own functions (`Tests/Reference/families.py`), from
/// −600 to 600.
@Suite("Rows of tables of relative positions")
struct RelativePositionTests {
  private let differences = Array(-600...600)

  @Test("MPNet's buckets")
  func buckets() throws {
    let expected = try Reference.golden("positions", in: "families").values("mpnet").map(Int.init)
    #expect(differences.map { RelativeBias<Float>.bucket($0) } == expected)
    #expect(Set(expected).count == 31, "distance 0 has one sign")
  }

  @Test("DeBERTa's buckets", arguments: [(256, 512), (32, 128), (6, 24), (10, 7)])
  func rows(buckets: Int, farthest: Int) throws {
    let table = table(buckets: buckets, farthest: farthest)
    let expected = try Reference.golden("positions", in: "families").values("deberta.\(buckets).\(farthest)")
    #expect(differences.map { table.place($0) } == expected.map(Int.init))
  }

  @Test("distances without buckets are told apart up to the farthest")
  func raw() {
    let table = table(buckets: nil, farthest: 4)
    #expect((-6...6).map { table.place($0) } == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7])
  }

  /// The rows that an example looks at lie side by side, from that of its largest distance to the left to that of the
  /// largest to the right.
  @Test("a pass has the rows that its examples look at", arguments: [1, 2, 3, 9, 40], [false, true])
  func pass(longest: Int, firstOnly: Bool) {
    let table = table(buckets: 8, farthest: 32)
    let arena = Arena()
    let pass = table.pass(longest: longest, in: arena)
    for keys in 1...longest {
      let queries = firstOnly ? 1 : keys
      let (rows, places) = pass.span(queries: queries, keys: keys)
      let first = table.place(1 - longest)
      let expected = (0..<queries).flatMap { query in (0..<keys).map { table.place(query - $0) - first } }
      #expect(rows == expected.min()!..<expected.max()! + 1)
      let found = (0..<queries).flatMap { query in (0..<keys).map { Int(Array(places)[query - $0 + keys - 1]) } }
      #expect(found == expected)
    }
  }

  private func table(buckets: Int?, farthest: Int) -> RelativeTable<Float> {
    let settings = EncoderConfiguration.Disentangled(
      buckets: buckets, farthest: farthest, contentToPosition: true, positionToContent: true, sharesProjections: true,
      normalizesTable: false)
    let memory = memory.vector[0..<2 * settings.span]
    return RelativeTable(table: memory.matrix(rows: 2 * settings.span, columns: 1), norm: nil, settings: settings)
  }

  private let memory = Buffer<Float>(count: 2048)
}

/// Layers that share parameters, against the loop of transformers' `AlbertTransformer`.
@Suite("Layers that share parameters")
struct LayerSharingTests {
  @Test(
    "each step runs the inner layers of its group",
    arguments: [(4, 2, 2), (12, 1, 1), (12, 12, 1), (5, 2, 1), (7, 3, 2), (3, 2, 3)])
  func places(layers: Int, groups: Int, inner: Int) {
    var c = RandomModel<Float>.small("albert")
    c.layers = layers
    c.variant.sharing = .init(groups: groups, inner: inner)
    var uses: [Int: [Int]] = [:]
    for step in 0..<layers {
      let group = Int(Double(step) / (Double(layers) / Double(groups)))
      for index in 0..<inner { uses[group * inner + index, default: []].append(step * inner + index) }
    }
    #expect(c.depth == layers * inner && c.layerPlaces.map(\.number) == Array(0..<groups * inner))
    for place in c.layerPlaces { #expect(place.uses == uses[place.number]) }
    // What is solved together: whole groups, in the order of the layers, none left out.
    #expect(c.layerGroups.flatMap { Array($0.uses) } == Array(0..<c.depth))
    #expect(c.layerGroups.map(\.numbers) == (0..<groups).map { Array($0 * inner..<($0 + 1) * inner) })
  }

  @Test("without sharing each layer is a place of its own")
  func unshared() {
    let c = RandomModel<Float>.small
    #expect(c.layerPlaces.map(\.uses) == [[0], [1], [2]] && c.layerGroups.map(\.uses) == [0..<1, 1..<2, 2..<3])
    #expect(ModelLayout(of: c).parameters.allSatisfy { !$0.role.isShared })
  }

  @Test("parameters of shared layers are named once, with all uses")
  func parameters() {
    let c = RandomModel<Float>.small("albert")
    let queries = ModelLayout(of: c).parameters.filter { $0.component == .query && $0.kind == .weight }
    #expect(queries.map(\.name).first == "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight")
    #expect(queries.map(\.layer) == [0, 1, 2, 3] && queries.allSatisfy { $0.role.isShared || $0.role.uses.count == 1 })
    #expect(queries.flatMap(\.role.uses).sorted() == Array(0..<6))
  }
}
