import Foundation
import Testing

@testable import Reporting

/// A headless browser of the Chromium family, if one is installed.
enum Browser {
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "chromium-browser", "google-chrome"].lazy
      .flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// The document after loading and running its scripts, as the browser serialises it.
  static func document(of page: String, width: Int, dark: Bool = false) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("report.html")
    try page.write(to: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
      "--window-size=\(width),1000", "--dump-dom", "--blink-settings=preferredColorScheme=\(dark ? 0 : 1)",
      file.absoluteString,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}

/// Run in the browser on the test's copy of the page: measures what only a browser knows, and writes one line for each
/// defect into the document.
private let inspection = """
  <script>
  addEventListener("load", () => {
    const defects = [];
    document.querySelectorAll("details").forEach(d => d.open = true);
    if (document.documentElement.scrollWidth > innerWidth)
      defects.push("the page is wider than the window: " + document.documentElement.scrollWidth);
    document.querySelectorAll("svg").forEach(svg => {
      const frame = svg.getBoundingClientRect();
      const name = svg.getAttribute("aria-label");
      const texts = [...svg.querySelectorAll("text")].filter(t => !t.hasAttribute("transform"));
      const boxes = texts.map(t => t.getBoundingClientRect());
      boxes.forEach((a, i) => {
        if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1)
          defects.push("outside of its picture: " + texts[i].textContent + " | " + name);
        for (let j = i + 1; j !== boxes.length; j++) {
          const b = boxes[j];
          const overlap = Math.min(Math.min(a.right, b.right) - Math.max(a.left, b.left),
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) - 2);
          if (overlap > 0.5) defects.push("overlap: " + texts[i].textContent + " / " + texts[j].textContent + " | " + name);
        }
      });
    });
    document.querySelectorAll("svg text, p, td, th, dt, dd, li, span, small, pre, code, figcaption, a").forEach(e => {
      const size = parseFloat(getComputedStyle(e).fontSize);
      if (11 > size) defects.push("text of " + size + " px: " + e.textContent);
    });
    document.querySelectorAll("svg [class]").forEach(e => {
      const style = getComputedStyle(e);
      if (e.classList.contains("mark") && style.fill === "rgb(0, 0, 0)") defects.push("a mark has no colour");
    });
    const luminance = color => {
      const [r, g, b] = color.match(/[0-9.]+/g).map(c => Math.pow(c / 255, 2.2));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    if ((paper > 0.5) === matchMedia("(prefers-color-scheme: dark)").matches) defects.push("the page ignores the scheme");
    document.querySelectorAll("h1, p, .tick, .title, .row, .legend li, nav a").forEach(e => {
      const style = getComputedStyle(e);
      const ink = luminance(e.namespaceURI.endsWith("svg") ? style.fill : style.color);
      if (4.5 > Math.max(ink, paper) / Math.min(ink, paper)) defects.push("little contrast: " + e.textContent);
    });
    const list = document.createElement("pre");
    list.id = "defects";
    list.textContent = defects.length + " defects\\n" + defects.join("\\n") + "\\nend of defects";
    document.body.appendChild(list);
  });
  </script>
  """

@Suite("A report in a browser", .enabled(if: Browser.path != nil, "no Chromium is installed"), .serialized)
struct BrowserTests {
  private func defects(_ report: Report, width: Int, dark: Bool = false) throws -> String {
    let page = report.html.replacingOccurrences(of: "</body>", with: inspection + "</body>")
    let document = try Browser.document(of: page, width: width, dark: dark)
    let start = try #require(document.range(of: "<pre id=\"defects\">"), "the script did not run")
    let end = try #require(document.range(of: "end of defects", range: start.upperBound..<document.endIndex))
    return String(document[start.upperBound..<end.lowerBound]).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(
    "No text overlaps, leaves its picture or is smaller than 11 px, and the page fits the window",
    arguments: [(2, 2, 2, 1280), (3, 12, 12, 1280), (4, 12, 12, 800), (2, 24, 16, 800)])
  func layout(tasks: Int, layers: Int, heads: Int, width: Int) throws {
    let names = Array(["cola", "sst2", "mrpc", "a-model-with-a-very-long-name/fine-tuned-on-stsb"].suffix(tasks))
    let report = sampleReport(names, layers: layers, heads: heads)
    let found = try defects(report, width: width, dark: layers == 12)
    #expect(found == "0 defects")
  }

  @Test("Many tasks, methods, phases and ranks fit as well")
  func crowded() throws {
    let found = try defects(crowdedReport(), width: 800)
    #expect(found == "0 defects")
  }

  @Test("The inspection finds text that overlaps, is small or wide")
  func inspectionWorks() throws {
    let bad =
      "<svg width=\"50\" height=\"20\" aria-label=\"bad\"><text x=\"0\" y=\"12\">one</text>"
      + "<text x=\"4\" y=\"12\" style=\"font-size:9px\">two</text><text x=\"0\" y=\"80\">three</text></svg>"
      + "<div style=\"width:3000px\">wide</div>"
    let page = "<!DOCTYPE html><html><body>\(bad)\(inspection)</body></html>"
    let document = try Browser.document(of: page, width: 800)
    for expected in ["overlap: one / two", "outside of its picture: three", "text of 9 px", "wider than the window"] {
      #expect(document.contains(expected))
    }
  }

  @Test("Hostile names stay text: the browser finds no element and runs no script of theirs")
  func hostileText() throws {
    let name = "</title></style></pre><script>document.documentElement.id='owned'</script><img src=x onerror=alert(1)>"
    let page = sampleReport([name, "a\"b' onload='x"], layers: 2, heads: 2).html
    let document = try Browser.document(of: page, width: 1280)
    #expect(document.contains("id=\"provenance\""))
    for intruder in ["id=\"owned\"", "<script", "<img"] { #expect(!document.contains(intruder)) }
  }
}
