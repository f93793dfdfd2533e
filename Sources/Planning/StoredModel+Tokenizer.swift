import Encoders
import Tokenizers

extension StoredModel {
  /// The tokenizer that lies beside the model.
  package func tokenizer() throws(TokenizerError) -> Tokenizer {
    try Tokenizer(directory: directory, class: settings["tokenizer_class"]?.string, family: family.tokenizerClass)
  }
}
