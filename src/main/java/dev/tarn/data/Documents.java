package dev.tarn.data;

import java.util.Arrays;
import java.util.List;

/**
 * Documents with a class each: what a classifier is trained and measured on.
 *
 * <p><em>Ownership:</em> the array of labels is kept, not copied, and must not change.
 *
 * @param tokens the documents
 * @param labels the class of each document, from 0 to C-1; -1 where it has none
 * @param classes the C names of the classes; the label of a class is its place
 */
// Millions of labels are not copied; nobody compares two splits.
@SuppressWarnings("ArrayRecordComponent")
public record Documents(Tokens tokens, int[] labels, List<String> classes) {

    /** The label of a document that has none. */
    public static final int UNLABELLED = -1;

    public Documents {
        classes = List.copyOf(classes);
        if (labels.length != tokens.numDocuments()) {
            throw new IllegalArgumentException(
                    tokens.numDocuments() + " documents cannot have " + labels.length + " labels");
        }
        for (int label : labels) {
            if (label < UNLABELLED || label >= classes.size()) {
                throw new IllegalArgumentException("label " + label + " is none of " + classes.size() + " classes");
            }
        }
    }

    /** Documents without labels, to be predicted. */
    public static Documents unlabelled(Tokens tokens, List<String> classes) {
        int[] labels = new int[tokens.numDocuments()];
        Arrays.fill(labels, UNLABELLED);
        return new Documents(tokens, labels, classes);
    }

    /** How many documents there are. */
    public int size() {
        return labels.length;
    }

    /** The tokens of a document. */
    public long length(int document) {
        return tokens.documentOffset(document + 1) - tokens.documentOffset(document);
    }
}
