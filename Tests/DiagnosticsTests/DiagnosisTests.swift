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

  private struct Quoting: DiagnosedError {
    let problem: String
    let subject = "file"
    let remedy = "mend it"
    let exitCode = FailureCode.badInput
  }

  @Test(
    "what a file says cannot forge lines or command the terminal",
    arguments: [
      ("a\n  hint: run rm", #"a\n  hint: run rm"#), ("\u{1B}[2Jx", #"\u{1B}[2Jx"#), ("a\u{9B}31m", #"a\u{009B}31m"#),
      ("x\u{2028}y\u{202E}z", #"x\u{2028}y\u{202E}z"#), ("\0", #"\0"#), ("é 一 😀", "é 一 😀"),
    ])
  func control(text: String, shown: String) {
    #expect(Quoting(problem: text).description == "file: \(shown)\n  hint: mend it")
  }

  @Test("what a file says is shown up to a length")
  func length() {
    let text = Quoting(problem: String(repeating: "é", count: 5000)).description
    #expect(text == "file: \(String(repeating: "é", count: 1000))…\n  hint: mend it")
  }

  @Test("a long unknown word is not compared letter by letter with short known ones")
  func longWord() {
    #expect(nearest(to: String(repeating: "a", count: 1_000_000), among: ["weight", "model"]) == nil)
    #expect(nearest(to: "wieght", among: ["weight", "model"]) == "weight")
  }
}
