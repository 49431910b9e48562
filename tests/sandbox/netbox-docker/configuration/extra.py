####
## Settings that have no environment variable go here. For example:
####

# ADMINS = [
#     ("Jane Doe", "jane.doe@example.com"),
# ]
