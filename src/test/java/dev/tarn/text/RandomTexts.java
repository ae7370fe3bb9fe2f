package dev.tarn.text;

import dev.tarn.testkit.Seeds;

/** Texts to try rules and tokenizers on. */
final class RandomTexts {

    private static final String[] PIECES = {
        " ",
        "  ",
        "\n",
        "\t",
        "\u0085",
        "\u00A0",
        "\u3000",
        ".",
        "..",
        "...",
        "…",
        "'",
        "''",
        "`",
        "’",
        "n't",
        "'s",
        "-",
        "--",
        "—",
        "/",
        "#",
        "@",
        "http://",
        ".com",
        "$",
        "US$",
        "5",
        "10",
        "km",
        "²",
        "%",
        "(",
        ")",
        "\"",
        "<br />",
        "&amp;",
        "&#39;",
        "\\n",
        "\\",
        "xxunk",
        "xxrep",
        "!!!!!",
        "the ",
        "no ",
        "Don",
        "We",
        "USA",
        "é",
        "É",
        "Σ",
        "日",
        "😀",
        "😀😀😀😀",
        "\uD83D",
        "\uDE00",
        "\u0301",
        "\u200D",
        ":)",
        "<unk>",
        " @-@ ",
        ",",
        ";",
        ":",
        "?",
        "=",
        "+",
        "*",
        "~",
        "_",
        "i.e.",
        "Mr.",
        "am",
    };

    private RandomTexts() {}

    /** Up to {@code most} pieces of every kind, and now and then any code point at all. */
    static String mixed(Seeds seeds, int most) {
        StringBuilder text = new StringBuilder();
        int pieces = seeds.between(0, most);
        for (int i = 0; i < pieces; i++) {
            if (seeds.between(0, 9) == 0) {
                text.appendCodePoint(seeds.between(0, Character.MAX_CODE_POINT));
            } else {
                text.append(PIECES[seeds.between(0, PIECES.length - 1)]);
            }
        }
        return text.toString();
    }

    /** Up to {@code most} characters of an alphabet. */
    static String of(Seeds seeds, String alphabet, int most) {
        StringBuilder text = new StringBuilder();
        int length = seeds.between(0, most);
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(seeds.between(0, alphabet.length() - 1)));
        }
        return text.toString();
    }
}
