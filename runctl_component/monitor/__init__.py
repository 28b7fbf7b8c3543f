"""The Monitor component and its resources."""
