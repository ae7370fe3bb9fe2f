package dev.tarn.data;

/**
 * The names of the columns of a CSV file; fastai's are {@link #DEFAULT}.
 *
 * @param text the column of the texts
 * @param label the column of the labels
 * @param valid the column that says True for what is to be validated on
 * @param hasHeader whether the first line names the columns; without one their names are 0, 1, 2, ...
 */
public record CsvColumns(String text, String label, String valid, boolean hasHeader) {

    public static final CsvColumns DEFAULT = new CsvColumns("text", "label", "is_valid", true);
}
