import Diagnostics
import Testing

@Suite("Reported errors")
struct DiagnosisTests {
  private enum Foreign: Error { case disguise }

  private struct Known: DiagnosedError {
    let subject = "file"
    let problem = "it is empty"
    let remedy = "fill it"
    let exitCode = FailureCode.badInput
  }

  @Test("an error that nobody foresaw is reported as a defect, with what to do")
  func unexpected() {
    let reported = diagnosis(of: Foreign.disguise)
    #expect(
      reported.description == """
        unexpected error: disguise
          hint: this is a defect of the program: please report it
        """)
    #expect(reported.exitCode.rawValue == 70)
  }

  @Test("an error with a diagnosis is reported as it is")
  func diagnosed() {
    let reported = diagnosis(of: Known())
    #expect(reported.description == "file: it is empty\n  hint: fill it" && reported.exitCode == .badInput)
  }
}
