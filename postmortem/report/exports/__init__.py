"""A report in other formats: a workbook, tables, pictures and one bound file."""
