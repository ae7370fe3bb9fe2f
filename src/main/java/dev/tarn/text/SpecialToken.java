package dev.tarn.text;

import java.util.Arrays;
import java.util.List;

/**
 * The tokens that the rules and the pipeline put in, in the order of their ids: {@link #UNK} is 0, {@link #WREP} is 8.
 *
 * <p>The order is that of fastai from 1.0.49 on; checkpoints carry their vocabulary, so older orders are read as they are.
 */
public enum SpecialToken {
    /** A token that the vocabulary does not have. */
    UNK(0, "xxunk"),
    /** Padding; its embedding row is never trained. */
    PAD(1, "xxpad"),
    /** The beginning of a document. */
    BOS(2, "xxbos"),
    /** The end of a document, where it is asked for. */
    EOS(3, "xxeos"),
    /** A field of a document with several; its number follows. */
    FLD(4, "xxfld"),
    /** The next token began with a capital. */
    MAJ(5, "xxmaj"),
    /** The next token was all capitals. */
    UP(6, "xxup"),
    /** A character stood several times; the number and the character follow. */
    REP(7, "xxrep"),
    /** A word stood several times; the number and the word follow. */
    WREP(8, "xxwrep");

    private static final List<String> TEXTS =
            Arrays.stream(values()).map(SpecialToken::text).toList();

    private final int id;
    private final String text;

    SpecialToken(int id, String text) {
        this.id = id;
        this.text = text;
    }

    /** The token as it stands among the others, such as {@code "xxmaj"}. */
    public String text() {
        return text;
    }

    /** The id in every vocabulary that {@link Vocab#create} makes. */
    public int id() {
        return id;
    }

    /** The texts of all special tokens in the order of their ids; immutable. */
    public static List<String> texts() {
        return TEXTS;
    }
}
