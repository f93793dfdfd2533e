import Testing

@testable import Datasets

@Test("SplitMix64 gives the published sequence of the generator seeded with 0")
func publishedSequence() {
  #expect(SplitMix64.mix(0) == 0xE220_A839_7B1D_CDAF)
}
