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

  /// The kind of the tokenizer, and what keeps the model from being merged with others of its base; nil for nothing.
  package func outlook() -> (tokenizer: String?, obstacle: String?) {
    do throws(TokenizerError) {
      let tokenizer = try tokenizer()
      let size = tokenizer.vocabularySize
      let text = "\(tokenizer.kind), \(size) tokens"
      if size > configuration.vocabulary {
        return (text, "the tokenizer has \(size) tokens, and the model rows for \(configuration.vocabulary)")
      }
      return (text, hasHead ? nil : "it has no classification head; it can be a `base_model`")
    } catch {
      return (nil, "\(error.subject): \(error.problem)")
    }
  }
}
