import Encoders
import Tokenizers

extension StoredModel {
  /// The tokenizer that lies beside the model.
  package func tokenizer() throws(TokenizerError) -> Tokenizer {
    try Tokenizer(directory: directory, class: tokenizerClass)
  }

  /// The tokenizer's class where its own files name none.
  var tokenizerClass: String { settings["tokenizer_class"]?.string ?? family.tokenizerClass }
}
