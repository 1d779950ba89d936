"""What the practice sets by hand, on pages or in a desk file: payers, staff, targets, holidays."""
