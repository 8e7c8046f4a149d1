from pointsman.app.service import service as service
