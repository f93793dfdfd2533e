import Encoders
import Tokenizers

extension StoredModel {
  /// The tokenizer that lies beside the model.
  package func tokenizer() throws(TokenizerError) -> Tokenizer {
    try Tokenizer(directory: directory, class: statedTokenizerClass, family: family.tokenizerClass)
  }

  /// What decides about the tokenizer beside its files: the class that `config.json` names, and the family's.
  var tokenizerClasses: [String] { [statedTokenizerClass ?? "", family.tokenizerClass] }

  private var statedTokenizerClass: String? { settings["tokenizer_class"]?.string }
}
