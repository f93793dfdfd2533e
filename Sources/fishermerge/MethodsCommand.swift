import ArgumentParser
import Diagnostics
import ModelMerging
import Recipes

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "List the merge methods and the keys of a recipe's parameters that they know.")

  @Argument(help: ArgumentHelp("Show this method alone.", valueName: "method"))
  var method: String?

  @Flag(help: ArgumentHelp("Print the tables of the documentation.", visibility: .hidden))
  var markdown = false

  func validate() throws {
    let names = MergeMethods.declarations.map(\.name)
    guard let method, !names.contains(method.replacing("-", with: "_")) else { return }
    let hint = nearest(to: method, among: names).map { "; did you mean \($0)?" } ?? ""
    throw ValidationError("there is no method \"\(method)\"\(hint) Known: \(names.joined(separator: ", "))")
  }

  func run() {
    let guide = MethodGuide(MergeMethods.declarations)
    print(markdown ? guide.markdown : guide.text(of: method), terminator: markdown ? "" : "\n")
  }
}
